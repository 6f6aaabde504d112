-- A rotation rewrites its row. Room left on the page keeps that a heap-only update: no index entry, pruned without vacuum.
ALTER TABLE "sessions" SET (fillfactor = 70);
