// Writes the tables of docs/configuration.md from the settings of the desk: node scripts/configuration-page.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { environments, standardOf } from '../main/platform/setting.ts'
import type { Setting } from '../main/platform/setting.ts'
import { settingEntries } from '../main/platform/settings-table.ts'
import type { SettingEntry } from '../main/platform/settings-table.ts'

const page = join(import.meta.dirname, '../docs/configuration.md')
const [begin, end] = [
  '<!-- settings: written by scripts/configuration-page.ts -->',
  '<!-- end of settings -->',
]

const sections: Readonly<Record<string, string>> = {
  env: 'Desk',
  publicUrl: 'Desk',
  http: 'Listener',
  db: 'Database',
  files: 'Files',
  log: 'Log',
  auth: 'Access tokens',
  crypto: 'Encryption',
  totp: 'Authenticator apps',
  oidc: 'Single sign-on',
  limits: 'Limits',
  audit: 'Audit log',
  adminBootstrap: 'First administrator',
  alta: 'Alta servers',
}

/** The page as it should be, with its tables made anew. */
export async function renderConfigurationPage(current: string): Promise<string> {
  const [before, rest] = current.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${page} has lost its markers.`)
  const made = `${before}${begin}\n\n${tables()}\n\n${end}${after}`
  return format(made, { ...(await resolveConfig(page)), parser: 'markdown' })
}

function tables(): string {
  const groups = Map.groupBy(settingEntries, ({ place }) => sections[place[0] ?? ''] ?? 'Other')
  return [...groups].map(([title, entries]) => `### ${title}\n\n${table(entries)}`).join('\n\n')
}

function table(entries: readonly SettingEntry[]): string {
  const head = '| Key | Variable | Default | Meaning | Allowed |\n|---|---|---|---|---|'
  return [head, ...entries.map(({ setting }) => row(setting))].join('\n')
}

function row(setting: Setting<unknown>): string {
  const key = setting.key === null ? '(variable only)' : `\`${setting.key}\``
  const cells = [key, `\`${setting.variable}\``, standard(setting), setting.meaning, setting.kind.allowed]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function standard(setting: Setting<unknown>): string {
  const values = environments.map((env) => standardOf(setting, env))
  const shown = (value: string | null | undefined): string => (value ? `\`${value}\`` : '(not set)')
  if (new Set(values).size === 1) return shown(values[0])
  return environments.map((env, index) => `${env}: ${shown(values[index])}`).join('; ')
}

if (import.meta.main) writeFileSync(page, await renderConfigurationPage(readFileSync(page, 'utf8')))
