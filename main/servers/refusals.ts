import { ORPCError } from '@orpc/server'
import { altaErrors, commonErrors, confirmationError } from '../../shared/contract/errors.ts'
import { servers as serversContract } from '../../shared/contract/servers.ts'
import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'
import { AltaProblem } from '../alta/alta-problem.ts'

/** A rule of a room that the caller ran into; `data` is what the contract promises with the code. */
export class Refusal extends Error {
  readonly code: string
  readonly status: number
  readonly data: unknown

  constructor(code: string, rule: { readonly status: number; readonly message: string }, data?: unknown) {
    super(rule.message)
    this.name = 'Refusal'
    this.code = code
    this.status = rule.status
    this.data = data
  }
}

/** There is no such server, camera or wall. */
export function notFound(): Refusal {
  return new Refusal('NOT_FOUND', commonErrors.NOT_FOUND)
}

/** A stored password goes to no other origin (scheme, host, port) than the one it was typed for. */
export function passwordNeeded(): Refusal {
  const rule = serversContract.update['~orpc'].errorMap.PASSWORD_NEEDED
  return new Refusal('PASSWORD_NEEDED', rule, { field: 'password' })
}

/** Asks for `expected`, typed out, before recordings are lost; `reason` says which. */
export function confirmationNeeded(expected: string, reason: string): Refusal {
  return new Refusal('CONFIRMATION_NEEDED', confirmationError.CONFIRMATION_NEEDED, { expected, reason })
}

/** The field of a server's form that a problem is about. */
const fields: Partial<Record<AltaProblemCode, string>> = {
  ALTA_UNREACHABLE: 'baseUrl',
  ALTA_ADDRESS_REFUSED: 'baseUrl',
  ALTA_TLS_UNTRUSTED: 'baseUrl',
  ALTA_NOT_ALTA: 'baseUrl',
  ALTA_HUGE_ANSWER: 'baseUrl',
  ALTA_WRONG_PASSWORD: 'password',
  ALTA_OBSERVER: 'login',
  ALTA_OTT_CLOSED: 'streamUrl',
  ALTA_NO_OTT: 'streamUrl',
  ALTA_RECEIVER_MISSING: 'receiverId',
}

/** Answers what `work` answers; refusals and troubles of Alta become the errors that the contract lists. */
export async function answering<Answer>(work: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal)
      throw new ORPCError(error.code, { status: error.status, message: error.message, data: error.data })
    if (error instanceof AltaProblem) throw altaAnswer(error)
    throw error
  }
}

function altaAnswer(problem: AltaProblem): ORPCError<AltaProblemCode, unknown> {
  const field = problem.field ?? fields[problem.code]
  return new ORPCError(problem.code, {
    status: altaErrors[problem.code].status,
    message: problem.message,
    data: { ...(problem.detail && { detail: problem.detail }), ...(field && { field }) },
    cause: problem,
  })
}
