import type { auth } from '../../shared/contract/auth.ts'
import type { account } from '../../shared/contract/account.ts'
import type { groups } from '../../shared/contract/groups.ts'
import type { invites, registration } from '../../shared/contract/invites.ts'
import type { users } from '../../shared/contract/users.ts'

type CodesOf<Procedures> = {
  [Name in keyof Procedures]: Procedures[Name] extends { '~orpc': { errorMap: infer Errors } }
    ? keyof Errors
    : never
}[keyof Procedures]

/** Every code with which identity may refuse, as the contract lists them; a lock has an error of its own. */
export type RefusalCode = Exclude<
  Extract<
    | CodesOf<typeof auth>
    | CodesOf<typeof account>
    | CodesOf<typeof users>
    | CodesOf<typeof groups>
    | CodesOf<typeof invites>
    | CodesOf<typeof registration>,
    string
  >,
  'ACCOUNT_LOCKED' | 'BAD_REQUEST'
>

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
