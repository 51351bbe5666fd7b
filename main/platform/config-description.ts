import type { LoadedConfig } from './config.ts'
import type { EncryptionKey } from './keyring.ts'
import type { LogFilter } from './logging.ts'
import { maskUrl } from './redaction.ts'
import type { ListenAddress } from './setting-kinds.ts'
import { settingEntries } from './settings-table.ts'
import type { SettingEntry } from './settings-table.ts'

/**
 * What `alta-desk check-config` prints: every setting, its value with secrets hidden, and where it came from.
 */
export function describeConfig(loaded: LoadedConfig): string {
  const rows = settingEntries.map((entry) => ({
    name: entry.setting.key ?? entry.setting.variable,
    value: describeValue(entry, valueAt(loaded.config, entry.place)),
    source: sourceOf(loaded, entry),
  }))
  const width = (column: 'name' | 'value'): number => Math.max(...rows.map((row) => row[column].length))
  const [nameWidth, valueWidth] = [width('name'), width('value')]
  return rows
    .map(({ name, value, source }) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}`)
    .join('\n')
}

function sourceOf({ sources }: LoadedConfig, { setting }: SettingEntry): string {
  const source = sources.get(setting.variable) ?? 'default'
  return source === 'variable' ? setting.variable : source
}

function valueAt(config: object, place: readonly string[]): unknown {
  return place.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], config)
}

function describeValue({ place, setting }: SettingEntry, value: unknown): string {
  if (value === null) return '(not set)'
  if (setting.variable === 'ALTAVMS_ENCRYPTION_KEY') return describeKeys(value as readonly EncryptionKey[])
  if (setting.secret) return '(hidden)'
  if (place.at(-1)?.endsWith('Ms')) return describeDuration(Number(value))
  if (place.at(-1)?.endsWith('Bytes')) return `${Number(value) / 1e6}MB`
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(', ')
  if (typeof value !== 'object') return maskUrl(String(value))
  return 'port' in value ? describeAddress(value as ListenAddress) : describeFilter(value as LogFilter)
}

/** A key's id is derived from its hash and is written beside every sealed value: it tells keys apart, no more. */
function describeKeys(keys: readonly EncryptionKey[]): string {
  return keys.length === 0 ? '(none)' : keys.map((key) => `(hidden, id ${key.id})`).join(', ')
}

function describeDuration(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}

function describeAddress({ host, port }: ListenAddress): string {
  return host?.includes(':') ? `[${host}]:${port}` : `${host ?? ''}:${port}`
}

function describeFilter({ level, areas }: LogFilter): string {
  return [level, ...[...areas].map(([area, areaLevel]) => `${area}=${areaLevel}`)].join(',')
}
