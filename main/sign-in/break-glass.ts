import type { OidcProvider } from './oidc-provider.ts'
import type { UserRow } from '../accounts/queries.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { TerminalCode } from './terminal-code.ts'
import { AppError } from '../rpc/app-error.ts'

/**
 * Where single sign-on is the only way in: an administrator still gets in with a password at the desk's own window, and
 * over the network only while the provider is down, with a code from the terminal of the desk.
 */
export class BreakGlass {
  readonly #provider: OidcProvider
  readonly #terminal: TerminalCode | null

  /** `terminal` is null where there is none: a desktop has its window. */
  constructor(provider: OidcProvider, terminal: TerminalCode | null) {
    this.#provider = provider
    this.#terminal = terminal
  }

  /** Before anything is looked at, so that it tells nothing of any name. Throws PASSWORDS_OFF. */
  async refuseAnonymous({ door }: RequestContext): Promise<void> {
    if (door === 'desktop') return
    if (!this.#terminal || (await this.#provider.answers())) throw new AppError('PASSWORDS_OFF')
  }

  /** Once the password is right. Throws PASSWORDS_OFF for whoever is no administrator. */
  refuseOthers({ admin }: UserRow): void {
    if (!admin) throw new AppError('PASSWORDS_OFF')
  }

  /** Whether the code of the terminal is missing or wrong; where it is missing, one is printed. */
  lacksCode({ door }: RequestContext, { email }: UserRow, given: string | undefined): boolean {
    if (door === 'desktop' || !this.#terminal) return false
    if (given !== undefined) return !this.#terminal.take(given)
    this.#terminal.offer(email)
    return true
  }
}
