/** Why a file cannot be read or written, in plain words. */
const reasons: { readonly [code: string]: string } = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
}

/** What others have named is shown, not obeyed: no control characters of theirs on a terminal. */
export const inert = (text: string): string =>
  text.replace(/(?!\n)\p{Cc}/gu, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`)

export function whyNot(error: unknown): string {
  const { code = "", message = String(error) } = (error ?? {}) as { readonly code?: string; readonly message?: string }
  return reasons[code] ?? message
}
