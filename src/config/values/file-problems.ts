const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "this account may not",
  EPERM: "this account may not",
  EISDIR: "it is a folder",
  ENOTDIR: "something in its path is no folder",
  EEXIST: "it is no folder",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/** Why the system refuses a file or a folder, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? (code || "nobody knows why");
}
