import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decideWithoutWindows, KeepRunning } from '../../../../main/desktop/keep-running.ts'
import { actionAt, noticePage } from '../../../../main/desktop/notice-page.ts'
import type { Notice } from '../../../../main/desktop/notice-page.ts'
import { whyUnsandboxed } from '../../../../main/desktop/sandbox.ts'
import { textMenuTemplate } from '../../../../main/desktop/text-menu.ts'
import { hasTrayHost } from '../../../../main/desktop/tray-host.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-tray-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('when the last window is closed', () => {
  it('the desk goes on where it can be reached by its icon, and says so the first time', () => {
    const known = { keepRunning: true, hasTray: true, wasTold: false }
    expect(decideWithoutWindows(known)).toBe('stay and say so')
    expect(decideWithoutWindows({ ...known, wasTold: true })).toBe('stay')
  })

  // Would catch: a desk that nobody can open or quit any more, and a person who turned this off and is not obeyed.
  it.each([
    ['there is no tray', { hasTray: false }],
    ['a person wants it so', { keepRunning: false }],
  ])('it quits where %s', (_why, change) => {
    expect(decideWithoutWindows({ keepRunning: true, hasTray: true, wasTold: true, ...change })).toBe('quit')
  })

  it('what a person chose, and that they were told, outlives the application', () => {
    const file = join(folder, 'desktop.json')
    const open = (): KeepRunning => new KeepRunning(file, (error) => expect.unreachable(String(error)))
    expect([open().isWanted, open().wasTold]).toEqual([true, false])
    open().noteTold()
    open().want(false)
    expect([open().isWanted, open().wasTold]).toEqual([false, true])
  })

  it('a damaged file is like none', () => {
    const file = join(folder, 'desktop.json')
    writeFileSync(file, '{"keepRunning":"yes"')
    const failures: unknown[] = []
    expect(new KeepRunning(file, (error) => failures.push(error)).isWanted).toBe(true)
    expect(failures).toHaveLength(1)
  })
})

/** A machine whose session bus is asked with these programs, each a shell script. */
function machineWith(programs: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return { PATH: folder, LD_LIBRARY_PATH: '/tmp/.mount_x/usr/lib' }
}

describe('whether there is a tray', () => {
  it.each(['darwin', 'win32'] as const)('always on %s', async (platform) => {
    expect(await hasTrayHost(platform, { PATH: folder })).toBe(true)
  })

  it.runIf(process.platform !== 'win32').each([
    ['busctl', 'echo "b true"', true],
    ['busctl', 'echo "b false"', false],
    ['gdbus', 'echo "(<true>,)"', true],
    ['dbus-send', 'echo "   variant       boolean true"', true],
    ['busctl', 'echo "The name is not activatable" >&2; exit 1', false],
    ['gdbus', 'test -z "$LD_LIBRARY_PATH" && echo "(<true>,)"', true],
  ])('on Linux as the session bus says, asked with %s: %s', async (program, script, expected) => {
    expect(await hasTrayHost('linux', machineWith({ [program]: script }))).toBe(expected)
  })

  it('none where nobody can answer: the desk quits rather than being out of reach', async () => {
    expect(await hasTrayHost('linux', { PATH: folder })).toBe(false)
  })
})

describe('a right click on text', () => {
  const editFlags = {
    canUndo: false,
    canRedo: false,
    canDelete: true,
    canEditRichly: false,
    canCut: true,
    canCopy: true,
    canPaste: true,
    canSelectAll: true,
  }
  const roles = (params: { isEditable: boolean; selectionText: string }) =>
    textMenuTemplate({ ...params, editFlags }).map(({ role, type }) => role ?? type)

  it('offers cut, copy and paste in a field, copy on a selection, nothing elsewhere', () => {
    expect(roles({ isEditable: true, selectionText: '' })).toEqual([
      ...['cut', 'copy', 'paste', 'separator', 'selectAll'],
    ])
    expect(roles({ isEditable: false, selectionText: 'Gate' })).toEqual(['copy'])
    expect(roles({ isEditable: false, selectionText: ' ' })).toEqual([])
  })

  it('leaves out what cannot be done: nobody copies a password', () => {
    const password = textMenuTemplate({
      isEditable: true,
      selectionText: '',
      editFlags: { ...editFlags, canCopy: false, canCut: false },
    })
    expect(password.find(({ role }) => role === 'copy')).toMatchObject({ enabled: false })
    expect(password.find(({ role }) => role === 'paste')).toMatchObject({ enabled: true })
  })
})

describe('a notice', () => {
  const notice: Notice = {
    title: 'Alta Desk cannot start',
    text: 'The file <script>alert(1)</script> & "quotes" are damaged.',
    actions: [
      { label: 'Try again', run: () => undefined },
      { label: 'Quit', run: () => undefined },
    ],
    onClosed: () => undefined,
  }
  const html = (): string => decodeURIComponent(noticePage(notice))

  it('says its words as text, whatever an error holds', () => {
    expect(html()).toContain('&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;quotes&#34;')
    expect(html()).not.toContain('<script')
    expect(html()).toContain("default-src 'none'")
  })

  it('knows its actions by their links, and no other address', () => {
    const links = [...html().matchAll(/href="([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(links.map((link) => actionAt(link, notice)?.label)).toEqual(['Try again', 'Quit'])
    for (const other of ['alta-desk://desk/', 'alta-desk://desk/notice/7', 'https://example.invalid/'])
      expect(actionAt(other, notice)).toBeUndefined()
  })
})

describe('a start without the sandbox', () => {
  const start = (switches: string[], env: NodeJS.ProcessEnv = {}) =>
    whyUnsandboxed({ hasSwitch: (name) => switches.includes(name), env })

  it('is an ordinary start with it', () => expect(start(['user-data-dir'])).toBeNull())

  // Would catch: an AppImage whose launcher adds --no-sandbox by itself, on a system that denies user namespaces.
  it('is refused with what to do instead', () => {
    expect(start(['no-sandbox'], { APPIMAGE: '/opt/a.AppImage' })).toMatch(/\.deb or \.rpm/)
    expect(start(['no-sandbox'])).toMatch(/without --no-sandbox/)
    expect(start([], { ELECTRON_DISABLE_SANDBOX: '1' })).toMatch(/ELECTRON_DISABLE_SANDBOX/)
  })
})
