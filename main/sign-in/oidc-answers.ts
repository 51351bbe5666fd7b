import type { CustomFetchOptions } from 'openid-client'

/** A discovery document or a set of keys has some 20 kB, a token with many groups some 100 kB. */
const longestAnswerBytes = 512 * 1024

/** A provider sent more than any of its answers has; what is left was not read. */
class HugeAnswerError extends TypeError {
  constructor() {
    super(`The provider sent more than ${longestAnswerBytes} bytes.`)
    this.name = 'HugeAnswerError'
  }
}

/** What the libraries ask with; keys are asked for without a body. */
type Asked = Omit<CustomFetchOptions, 'headers' | 'body'> &
  Pick<RequestInit, 'headers'> &
  Partial<Pick<CustomFetchOptions, 'body'>>

/**
 * The system's `fetch`, with an answer that was read whole, and never more than 512 kB of it: rejects with a `TypeError`
 * beyond, as where nobody answers.
 */
export async function fetchBounded(url: string, { body: sent, ...options }: Asked): Promise<Response> {
  // A copy only for its type: bytes in memory that is shared cannot be sent.
  const body = sent instanceof Uint8Array ? new Uint8Array(sent) : sent
  const answer = await fetch(url, { ...options, ...(body === undefined ? {} : { body }) })
  const { status, headers } = answer
  const read = answer.body ? await firstBytes(answer.body) : null
  const whole = new Response(read, { status, headers })
  // Libraries compare it with the address that they asked.
  Object.defineProperty(whole, 'url', { value: answer.url })
  return whole
}

async function firstBytes(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of body) {
    length += piece.length
    // Leaving the loop lets go of the connection.
    if (length > longestAnswerBytes) throw new HugeAnswerError()
    pieces.push(piece)
  }
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
