import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const watcher = 'org.kde.StatusNotifierWatcher'
const property = 'IsStatusNotifierHostRegistered'
const getProperty = 'org.freedesktop.DBus.Properties.Get'

/** The usual programs that ask the session bus; the first one that is installed answers. */
const questions: readonly (readonly [string, readonly string[]])[] = [
  ['busctl', ['--user', 'get-property', watcher, '/StatusNotifierWatcher', watcher, property]],
  [
    'gdbus',
    [
      ...['call', '--session', '--dest', watcher, '--object-path', '/StatusNotifierWatcher'],
      ...['--method', getProperty, watcher, property],
    ],
  ],
  [
    'dbus-send',
    [
      ...['--session', '--print-reply', `--dest=${watcher}`, '/StatusNotifierWatcher'],
      ...[getProperty, `string:${watcher}`, `string:${property}`],
    ],
  ],
]
const timeoutMs = 2_000
const longestAnswerBytes = 10_000

/**
 * Whether this desktop shows tray icons. Windows and macOS always do. On Linux Electron's icon is shown by a host of the
 * StatusNotifierItem protocol, which GNOME lacks, and it is not told when there is none: the session bus is asked. Where
 * nobody can answer there is none, so that no desk goes on that cannot be reached.
 * https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/
 */
export async function hasTrayHost(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (platform !== 'linux') return true
  // An AppImage puts its own libraries before those of the system's programs.
  const { LD_LIBRARY_PATH: _ofTheAppImage, ...systemEnv } = env
  for (const [program, programArguments] of questions) {
    try {
      const { stdout } = await promisify(execFile)(program, programArguments, {
        env: systemEnv,
        timeout: timeoutMs,
        maxBuffer: longestAnswerBytes,
      })
      return /\btrue\b/.test(stdout)
    } catch (error) {
      // Not installed: the next one is asked. Anything else is an answer: there is no watcher.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return false
    }
  }
  return false
}
