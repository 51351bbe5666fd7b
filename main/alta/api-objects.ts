import { AltaProblem } from './alta-problem.ts'
import type { ObjectKind } from './alta-types.ts'
import { receiversPath } from './assumptions.ts'
import { problemOfStatus } from './failures.ts'
import { textOf } from './http-exchange.ts'
import type { HttpAnswer } from './http-exchange.ts'

/** Where the API keeps the objects of each kind. */
export const objectPaths: Readonly<Record<ObjectKind, string>> = {
  servers: '/api/servers',
  users: '/api/users',
  receivers: receiversPath,
  archives: '/api/ott/archives',
  authorizers: '/api/ott/authorizers',
  channels: '/api/ott/channels',
}

/** The path of one object. */
export function objectPath(kind: ObjectKind, id: string): string {
  return `${objectPaths[kind]}?id=${encodeURIComponent(id)}`
}

/** The answer, where it is a success. Throws the `AltaProblem` of its status. */
export function requireOk(answer: HttpAnswer): HttpAnswer {
  if (answer.status < 200 || answer.status > 299) throw problemOfStatus(answer.status, textOf(answer))
  return answer
}

/** What a write answers about an object: that it is done, or that there is none. Throws an `AltaProblem`. */
export function doneOrAbsent<T extends string>(answer: HttpAnswer, done: T): T | 'absent' {
  if (answer.status === 404) return 'absent'
  requireWritten(answer)
  return done
}

/** Alta answers writes 204, without a body: whatever says more than that has not written anything. */
export function requireWritten(answer: HttpAnswer): void {
  if (textOf(requireOk(answer)).trim() !== '') {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer to a write is not the one Alta gives' })
  }
}
