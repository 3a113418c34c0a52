/** What a gateway's calls to its services came to, counted where the call leaves the gateway. */
export interface CallBook {
  sent: number
  /** Sent while the incident had that service failing; stays 0 where nobody knows the truth. */
  sentToFailing: number
  /** Ended in an error, a timeout or a 5xx. */
  failed: number
  /** Time spent on the calls that failed. */
  wastedMs: number
  /** Calls a breaker rejected, and those it rejected although the service was well. */
  rejected: number
  rejectedWhileWell: number
}

export function createCallBook(): CallBook {
  return { sent: 0, sentToFailing: 0, failed: 0, wastedMs: 0, rejected: 0, rejectedWhileWell: 0 }
}

/** `fetch` that keeps the book. Both gateways call through it; only one has a breaker in front. */
export function countedFetch(book: CallBook, isFailing: () => boolean): typeof fetch {
  return async (input, init) => {
    const startedAt = performance.now()
    const fail = () => {
      book.failed += 1
      book.wastedMs += performance.now() - startedAt
    }
    book.sent += 1
    if (isFailing()) book.sentToFailing += 1
    try {
      const response = await fetch(input, init)
      if (response.status >= 500) fail()
      return response
    } catch (error) {
      fail()
      throw error
    }
  }
}
