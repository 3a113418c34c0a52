/** What has been opened, closed in reverse order; one that fails does not keep the others open. */
export interface Closers {
  add(close: () => Promise<void> | void): void
  closeAll(): Promise<void>
}

export function createClosers(): Closers {
  const opened: (() => Promise<void> | void)[] = []
  return {
    add: (close) => void opened.push(close),
    async closeAll() {
      const errors: unknown[] = []
      for (let close = opened.pop(); close; close = opened.pop()) {
        try {
          await close()
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length > 0) throw errors[0]
    },
  }
}
