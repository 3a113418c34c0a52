/** Why a goal misses, where it has been seen to, with the parts measured apart, and what was tried or left out. */
export const causes = {
  closedWatched:
    "Slow calls and slices need to know how long a call took, so it reads the monotonic clock twice where the bare breaker reads " +
    "it once: 44 to 56 ns a read here, of the 66 ns between the two rows. cockatiel's breaker measures no durations. " +
    "Tried, and kept: no read on the way in while nothing is watched, which is the first row. Left out: a clock that a timer moves, " +
    "because the timer would run for idle breakers too (C7) and the time would stand still while the event loop is blocked.",
  guarded:
    "The least that Effect lets a guard do, `suspend` and `onExit`, is 60 % of the figure. The rest is a second `suspend`, so " +
    "that no interruption comes between taking a permit and giving it back (30 ns), one clock read (44 ns), the receipt and the " +
    "count. Tried, and kept: no clock on the way in while nothing is watched. Left out: taking the permit before `onExit`, which " +
    "would save that `suspend` and leak the permit of an interrupted call.",
  refusedInFiber:
    "A failure that was made once and is only caught costs 164 ns in a fiber already, without any breaker. On top come a failure made " +
    "anew for each call (47 ns), `suspend` (37 ns), the error without a stack (26 ns), one clock read for `retryAfterMs` " +
    "(44 ns), and admission, the count of refusals and their sampling (78 ns): least of nine rounds, each part added to those before. Tried, " +
    "and kept: no `onExit` while the gate is shut (about 150 ns less); the error's words made only when they are read.",
} as const
