import type { Dispatcher } from 'undici'
import { AltaProblem } from './alta-problem.ts'

/** HTTP lets a server send any number of these before its answer (RFC 9110, section 15.2); Alta sends none. */
const mostInformational = 10
/** Each piece of a body costs as much as kilobytes do: they are larger than this on average, but for the first few. */
const smallestPieceBytes = 256
const smallPiecesAllowed = 1000

/**
 * Cuts an answer that costs far more to receive than its bytes: informational answers without an end, or a body of tiny
 * pieces. One server that sent them without a pause kept the main thread from everything else for 0.8 s at a time. The
 * request rejects with ALTA_NOT_ALTA.
 */
export const refuseWastefulAnswers: Dispatcher.DispatcherComposeInterceptor =
  (dispatch) => (options, handler) => {
    let [informational, pieces, bytes] = [0, 0, 0]
    return dispatch(options, {
      onRequestStart: (...given) => handler.onRequestStart?.(...given),
      onResponseStart: (controller, status, ...given) => {
        if (status < 200) informational += 1
        if (informational > mostInformational) throw wasteful('informational answers without an end')
        handler.onResponseStart?.(controller, status, ...given)
      },
      onResponseData: (controller, piece) => {
        pieces += 1
        bytes += piece.length
        if (bytes < (pieces - smallPiecesAllowed) * smallestPieceBytes)
          throw wasteful('the answer comes in too many small pieces')
        handler.onResponseData?.(controller, piece)
      },
      onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
      onResponseError: (...given) => handler.onResponseError?.(...given),
    })
  }

function wasteful(detail: string): AltaProblem {
  return new AltaProblem('ALTA_NOT_ALTA', { detail })
}
