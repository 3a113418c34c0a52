/** Why a goal misses, where it has been seen to, with the parts measured apart, and what was tried or left out. */
export const causes = {
  closedBare:
    "The call is the bare `await` (42 ns), the caller's promise, one clock read (44 ns) and the books: within a few nanoseconds of " +
    "cockatiel's, on either side from run to run. It grew by some 10 ns when calls in flight became a gauge of their own, which the " +
    "ramp of `gradual` bounds. Tried, and kept: whatever only a candidate needs is out of the receipt (about 10 ns).",
  closedDefault:
    "What is left, each part left out in turn: a promise of the caller's own, because the deadline answers before the work does, two clock " +
    "reads, the learned limit, evidence, slices and the deadline, each some 30 to 50 ns. Tried, and kept: one look at the limit where nobody " +
    "waits (190 ns less), a short way out as well, the clock looked up once, a round of the limit that lasts a millisecond at least (together a " +
    "sixth less); permit, timer and context in one object, in a row of the breaker's own, and a short way for a success of a service that is as " +
    "usual (another tenth); plain fields instead of private ones (some 3 %). Tried, and dropped, on a machine where a bare `await` takes 70 ns: reactions " +
    "that are used again and `Promise.withResolvers` (a sixth less memory, no time), good outcomes put aside and worked off sixteen at a time " +
    "(0 to 5 %).",
  closedAdmission:
    "The defaults take nearly all of what there is to spend. Tried, and kept: the short ways in and out with all of it (a quarter less); what a " +
    "rate has looked at is what it spends, ticks by one rounding, no count of an answer that says nothing of limits, and what repeats a call made " +
    "when it fails (a fifth less).",
  closedNine:
    "Each component keeps books of its own on each call: discovery draws two endpoints and keeps latency, quality and outliers of the chosen " +
    "one (about half of what all nine cost over the defaults), retry makes an attempt that may be followed by another, a rate limit spends and " +
    "a prediction follows. Both peers' rows do none of it. Tried, and kept: the short way in for calls that rates count, that are handed an " +
    "endpoint or may be made again, and the short way out; powers and exponentials that are known, or near; no logarithm for a good outcome of " +
    "an endpoint that nothing speaks against. What is left: choosing an endpoint costs some 125 ns, remembering how it did 60 (left out one by one). " +
    "Left out for a trial, on a busy machine (0.77 of opossum with all of it): the books of how calls end 0.39, and endpoints in turn beside that " +
    "0.35. So the goal asks for books that cost less than half: good outcomes put aside and worked off together before anybody reads them, " +
    "by which each choice of an endpoint would be made on what was known some calls ago.",
  load:
    "What a call costs here is some 5 to 8 µs, ten times what it costs in a tight loop: the host has slept a millisecond before it. In the " +
    "seconds that are measured it still makes code for what it runs, which takes longer on a slower machine; 14 s after the start a point less is " +
    "left. Tried, and kept: what happens seldom is apart from what happens on each call, so that it costs no host the code that it has made " +
    "(half of the compiling in those seconds); a row of calls that closes its gaps less often.",
  heldBriefly:
    "It is asked in the turn after the last call. The one timer lets go of the process 20 ms after the last call that somebody awaited, not " +
    "at once: two words to the host for each quick call would cost more than the rest of it. A script that has ended exits 20 ms later.",
  failing:
    "The caller gets the promise that our reaction makes, so that a failure that nobody handles is told by the host. A reaction that " +
    "throws costs 270 ns more than one that answers. Tried: handing out the function's own promise (no cost, and a failure that nobody " +
    "awaits is swallowed), answering `Promise.reject` (500 ns more), a promise of our own (25 ns more on every success).",
  weight:
    "xstate and effect are 25.5 kB of it. The strategies beyond `basic` came after the goal was set: `gradual` about 5 kB, " +
    "`dependency` about 5; so did breakers by key (about 4.5), the timeout that explores (1.5), `reconfigure` (0.8) and the candidate " +
    "(0.9). A registry that is asked by name cannot be shaken off a bundle. Tried, and kept: Effect's Duration and Schema are not " +
    "loaded (2 and 14 kB). Left out: parts loaded when asked for, because `createBreaker` is synchronous.",
  closedWatched:
    "Slow calls and slices need to know how long a call took, so it reads the monotonic clock twice where the bare breaker reads " +
    "it once: 44 to 56 ns a read here, of the 66 ns between the two rows. cockatiel's breaker measures no durations. " +
    "Tried, and kept: no read on the way in while nothing is watched, which is the first row. Left out: a clock that a timer moves, " +
    "because the timer would run for idle breakers too (C7) and the time would stand still while the event loop is blocked.",
  recordingDefaults:
    "The entries of a call, at its beginning and its end: all that a recorded call does beyond one that is not.",
  recording:
    "The bare breaker costs so little that a second clock read (36 to 44 ns, so that it is known when a " +
    "call entered) is half of what there is to spend. The two entries of a call take about 35 ns, base64, checksum and write about 5: each " +
    "part left out in turn. Tried, and kept: entries as differences in seven bytes in place of 24, made on the way, so that nothing is " +
    "left to do but base64; a line put together in place; one comparison for all that is rare. Tried, and dropped: arrays that are packed later " +
    "(5 ns more). Left out: no clock when a call enters, because nobody could tell then how long it took under another config; a " +
    "worker that seals and writes, because what it has not written is lost with a process that crashes.",
  guarded:
    "The least that Effect lets a guard do, `suspend` and a finalizer, is more than half of the figure. The rest is a second `suspend`, so " +
    "that no interruption comes between taking a permit and giving it back (30 ns), one clock read (44 ns), the receipt and the " +
    "count. Tried, and kept: no clock on the way in while nothing is watched; a finalizer that answers no effect (100 ns less). " +
    "Left out: taking the permit before the finalizer is in place, which would save that `suspend` and leak the permit of an " +
    "interrupted call.",
  refusedInFiber:
    "A failure that was made once and is only caught costs 164 ns in a fiber already, without any breaker. On top come a failure made " +
    "anew for each call (47 ns), `suspend` (37 ns), the error without a stack (26 ns), one clock read for `retryAfterMs` " +
    "(44 ns), and admission, the count of refusals and their sampling (78 ns): least of nine rounds, each part added to those before. Tried, " +
    "and kept: no `onExit` while the gate is shut (about 150 ns less); the error's words made only when they are read.",
} as const
