import type { Accounts } from '../accounts/module.ts'
import type { Core, Module } from '../module.ts'
import { allowedOriginsProblem } from '../platform/config.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { SignIn } from '../sign-in/module.ts'
import { settingsProcedures } from './procedures.ts'
import { Settings } from './service.ts'
import type { ListenerControl } from './service.ts'
import { openSettingsTopics } from './stream-topics.ts'

export interface SettingsUses extends Pick<Accounts, 'people'>, Pick<SignIn, 'rules'> {
  readonly version: string
  readonly listener: ListenerControl
}

/** The desk itself: what it is, its LAN listener, and its rules of sign-in. */
export function openSettings(
  core: Core,
  { version, listener, people, rules }: SettingsUses,
): Module & {
  /** Opens the LAN listener where it is on: the last thing that starts, for it brings requests. */
  readonly listener: Service
} {
  const { config, store, headless, deskId } = core
  const settings = new Settings({
    store,
    headless,
    about: { version, deskId, env: config.env },
    listener,
    listenerProblem: () => allowedOriginsProblem(config),
    isDefaultPasswordInUse: () => people.isDefaultPasswordInUse(),
    signInRules: rules,
  })
  openSettingsTopics(core)
  const start = (): Promise<void> => settings.openListenerAtStart()
  return {
    procedures: { settings: settingsProcedures(settings) },
    listener: { name: 'listener', start, stop: () => undefined },
  }
}
