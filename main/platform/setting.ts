import type { SettingKind } from './setting-kinds.ts'

/** How strict the desk is with its own configuration. */
export const environments = ['development', 'staging', 'production'] as const
export type Environment = (typeof environments)[number]

/** One setting: all that loading it, checking it, showing it and documenting it needs. */
export interface Setting<T> {
  /** Dotted path in config.yaml; null for what is only ever a variable. */
  readonly key: string | null
  readonly variable: string
  readonly kind: SettingKind<T>
  /** As a person would write it; null when the setting is unset by default. */
  readonly standard: string | null | Readonly<Record<Environment, string | null>>
  readonly meaning: string
  readonly secret?: true
}

/** Makes a setting that always has a value. */
export function setting<T>(
  parts: Setting<T> & { standard: string | Record<Environment, string> },
): Setting<T> {
  return parts
}

/** Makes a setting that may be unset. */
export function optional<T>(parts: Setting<T>): Setting<T | null> {
  return parts
}

/** What a setting is when nobody sets it, as a person would write it. */
export function standardOf(setting: Setting<unknown>, env: Environment): string | null {
  return setting.standard === null || typeof setting.standard === 'string'
    ? setting.standard
    : setting.standard[env]
}
