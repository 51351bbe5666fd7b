import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What decides on Linux whether Chromium's sandbox can be set up. */
export interface SandboxFacts {
  readonly platform: NodeJS.Platform
  /** Of the person who starts it; null where there are no user ids. */
  readonly userId: number | null
  /** Whether the helper beside the executable may become root (owned by root, setuid), and needs no namespaces. */
  readonly hasSetuidHelper: boolean
  /** The value of a kernel setting under /proc/sys, or null where this kernel has none. */
  readonly setting: (name: string) => string | null
}

/** Each setting that denies ordinary users a namespace of their own, with the value that does. */
const denials = [
  ['kernel/unprivileged_userns_clone', '0'],
  ['user/max_user_namespaces', '0'],
  ['kernel/apparmor_restrict_unprivileged_userns', '1'],
] as const

/**
 * Why Chromium would refuse to start on this machine, as the end of a sentence, or null. It never runs as root with its
 * sandbox, and without the setuid helper it needs user namespaces.
 * https://chromium.googlesource.com/chromium/src/+/main/docs/linux/sandboxing.md
 */
export function whyNoSandbox({ platform, userId, hasSetuidHelper, setting }: SandboxFacts): string | null {
  if (platform !== 'linux') return null
  if (userId === 0) return 'Electron does not run as root (start it as an ordinary user)'
  if (hasSetuidHelper) return null
  const denial = denials.find(([name, value]) => setting(name)?.trim() === value)
  return denial
    ? `this system denies the user namespaces that Electron's sandbox needs (${denial[0].replace('/', '.')} is ${denial[1]})`
    : null
}

/** The facts of this machine, for the Electron at `executable`. */
export function sandboxFacts(executable: string): SandboxFacts {
  const helper = statSync(join(dirname(executable), 'chrome-sandbox'), { throwIfNoEntry: false })
  return {
    platform: process.platform,
    userId: process.getuid?.() ?? null,
    hasSetuidHelper: helper !== undefined && helper.uid === 0 && (helper.mode & 0o4000) !== 0,
    setting: (name) => {
      try {
        return readFileSync(join('/proc/sys', name), 'utf8')
      } catch (_unknownToThisKernel) {
        return null
      }
    },
  }
}
