import type { auth } from '../../shared/contract/auth.ts'
import type { account } from '../../shared/contract/account.ts'

type CodesOf<Procedures> = {
  [Name in keyof Procedures]: Procedures[Name] extends { '~orpc': { errorMap: infer Errors } }
    ? keyof Errors
    : never
}[keyof Procedures]

/** Every code with which identity may refuse, as the contract lists them. */
export type RefusalCode = Extract<CodesOf<typeof auth> | CodesOf<typeof account>, string>

/** A refusal that the contract foresees; without a sentence of its own the contract's stands. */
export class IdentityRefusal extends Error {
  readonly code: RefusalCode
  readonly sentence: string | undefined

  constructor(code: RefusalCode, sentence?: string) {
    super(sentence ?? code)
    this.name = 'IdentityRefusal'
    this.code = code
    this.sentence = sentence
  }
}
