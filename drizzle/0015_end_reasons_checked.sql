-- Whatever an operator has written by hand: it would be no answer to a client.
UPDATE "auth"."sessions" SET "end_reason" = 'REVOKED_BY_ADMIN' WHERE "end_reason" NOT IN ('LOGOUT', 'LOGOUT_ALL', 'REVOKED_BY_USER', 'REVOKED_BY_ADMIN', 'REUSE_DETECTED', 'PASSWORD_CHANGED', 'PASSWORD_RESET', 'ADDRESS_PROVEN', 'EMAIL_CHANGE_UNDONE', 'ACCOUNT_DELETED', 'USER_DISABLED', 'TOO_MANY_SESSIONS', 'EXPIRED');--> statement-breakpoint
-- Others write meanwhile.
ALTER TABLE "auth"."sessions" VALIDATE CONSTRAINT "sessions_end_reason";
