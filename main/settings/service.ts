import type { Listener } from '../../shared/contract/settings.ts'
import type { TotpRequirement } from '../../shared/domain/sign-in-rules.ts'
import { AppError } from '../rpc/app-error.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import { putTotpRequiredFor } from '../sign-in/sign-in-rules.ts'
import type { SignInRules } from '../sign-in/sign-in-rules.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import { listenerSwitch, setListenerSwitch } from './queries.ts'

/** The LAN listener as this module uses it. */
export interface ListenerControl {
  readonly isOpen: boolean
  start(): Promise<void>
  close(): Promise<void>
  addresses(): string[]
}

export interface SettingsOptions {
  readonly store: Store
  readonly headless: boolean
  readonly about: { version: string; deskId: string; env: 'development' | 'staging' | 'production' }
  readonly listener: ListenerControl
  /** Why the listener may not be opened with the present configuration; null where it may. */
  readonly listenerProblem: () => string | null
  readonly isDefaultPasswordInUse: () => boolean
  readonly signInRules: SignInRules
}

/** What can be seen and changed of the desk itself. */
export class Settings {
  readonly #options: SettingsOptions
  #openProblem = ''

  constructor(options: SettingsOptions) {
    this.#options = options
  }

  about() {
    const { about, headless } = this.#options
    return { ...about, headless }
  }

  /** Whether the listener is to be opened when the desk starts. */
  async listenerWanted(): Promise<boolean> {
    return this.#options.headless || (await this.#options.store.read(listenerSwitch))
  }

  async listener(): Promise<Listener> {
    const { headless, listener } = this.#options
    return {
      enabled: await this.listenerWanted(),
      addresses: listener.addresses(),
      canChange: !headless,
      reason: this.#reason(),
    }
  }

  /**
   * Opens the listener where it is wanted; on a desktop a taken port is no reason not to start, for the window works
   * without it.
   */
  async openListenerAtStart(): Promise<void> {
    if (!(await this.listenerWanted())) return
    if (this.#options.headless) return this.#options.listener.start()
    try {
      await this.#open()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#openProblem = error.message
    }
  }

  /** Throws HEADLESS or PORT_TAKEN; nothing is then changed. */
  async setListener(context: RequestContext, enabled: boolean): Promise<Listener> {
    const { headless, store, listener } = this.#options
    if (headless) throw new AppError('HEADLESS')
    if (enabled && !listener.isOpen) await this.#open()
    this.#openProblem = ''
    const audit = (before: boolean): AuditRecord =>
      auditRecord(context, {
        action: 'listener.changed',
        target: { kind: 'listener', id: null, name: 'LAN listener' },
        before: { enabled: before },
        after: { enabled },
      })
    const changes: Change[] = [{ name: 'listener.changed', data: { enabled } }]
    await store.write({ audit, changes }, async (tx) => {
      const before = await listenerSwitch(tx)
      await setListenerSwitch(tx, enabled)
      return before
    })
    if (!enabled) {
      const closed = listener.close()
      // Whoever turns it off through the listener itself must still get an answer.
      if (context.door === 'desktop') await closed
    }
    return this.listener()
  }

  signIn(): { totpRequiredFor: TotpRequirement } {
    return { totpRequiredFor: this.#options.signInRules.totpRequiredFor }
  }

  async setSignIn(
    context: RequestContext,
    totpRequiredFor: TotpRequirement,
  ): Promise<{ totpRequiredFor: TotpRequirement }> {
    const { store } = this.#options
    const audit = (): AuditRecord =>
      auditRecord(context, {
        action: 'sign-in-rules.changed',
        target: { kind: 'setting', id: null, name: 'sign-in' },
        before: this.signIn(),
        after: { totpRequiredFor },
      })
    const changes: Change[] = [{ name: 'sign-in-rules.changed', data: { totpRequiredFor } }]
    await store.write({ audit, changes }, (tx) => putTotpRequiredFor(tx, totpRequiredFor))
    return this.signIn()
  }

  async #open(): Promise<void> {
    const problem = this.#options.listenerProblem()
    if (problem !== null) throw new AppError('PORT_TAKEN', { message: problem })
    try {
      await this.#options.listener.start()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new AppError('PORT_TAKEN', { message, cause: error })
    }
  }

  #reason(): string {
    if (this.#openProblem !== '') return this.#openProblem
    if (!this.#options.listener.isOpen) return ''
    if (!this.#options.isDefaultPasswordInUse()) return ''
    return 'Only this machine is answered while the password of the documentation stands. Change it to let others in.'
  }
}
