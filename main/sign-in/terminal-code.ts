import type { Clock } from '../platform/clock.ts'
import { isCode, newCode } from '../accounts/one-time-codes.ts'

const lifetimeMs = 10 * 60_000

/**
 * A code on the terminal of a headless desk: whoever can read it sits at the machine. Where passwords are off and the
 * provider is down, it lets an administrator in all the same.
 */
export class TerminalCode {
  readonly #clock: Clock
  readonly #print: (line: string) => void
  #current: { readonly code: string; readonly expiresAt: number } | null = null

  constructor(clock: Clock, print: (line: string) => void) {
    this.#clock = clock
    this.#print = print
  }

  /** Prints a code unless one is good still. */
  offer(email: string): void {
    if (this.#isGood()) return
    const code = newCode(3)
    this.#current = { code, expiresAt: this.#clock.now() + lifetimeMs }
    this.#print(`${email} asks to sign in without single sign-on. The code for it, for 10 minutes: ${code}`)
  }

  /** Whether this is the code; it is then used up. */
  take(given: string): boolean {
    if (!this.#isGood() || !isCode(given, this.#current?.code ?? null)) return false
    this.#current = null
    return true
  }

  #isGood(): boolean {
    return this.#current !== null && this.#current.expiresAt > this.#clock.now()
  }
}
