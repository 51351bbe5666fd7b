import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { whyNoSandbox } from '../../../scripts/electron-sandbox.ts'
import type { SandboxFacts } from '../../../scripts/electron-sandbox.ts'
import addFirewallRule from '../../../scripts/msi-firewall-rule.ts'
import { withoutEmptySigningVariables } from '../../../scripts/signing-variables.ts'

const project = join(import.meta.dirname, '../../..')

describe('the MSI', () => {
  const template = readFileSync(
    join(project, 'node_modules/app-builder-lib/templates/msi/template.xml'),
    'utf8',
  )

  async function edited(text: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-msi-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'project.wxs')
    writeFileSync(file, text)
    await addFirewallRule(file)
    return readFileSync(file, 'utf8')
  }

  // Would catch: a desk whose colleagues cannot reach it, since Windows drops what no rule allows.
  test('adds a firewall rule for the program when it is installed, and removes it with it', async () => {
    const text = await edited(template)
    const commands = [...text.matchAll(/ExeCommand="([^"]*netsh[^"]*)"/g)].map((match) =>
      match[1]?.replaceAll('&quot;', '"'),
    )
    expect(commands).toEqual([
      '"[System64Folder]netsh.exe" advfirewall firewall delete rule name="Alta Desk" dir=in',
      '"[System64Folder]netsh.exe" advfirewall firewall add rule name="Alta Desk" dir=in action=allow protocol=TCP ' +
        'profile=domain,private program="[#mainExecutable]"',
    ])
    expect(text).toContain('<Custom Action="AddFirewallRule" After="InstallFiles">NOT Installed</Custom>')
    expect(text).toContain('<Custom Action="RemoveFirewallRule" Before="RemoveFiles">REMOVE="ALL"</Custom>')
    // Windows Installer runs what changes the machine in its elevated half only.
    expect(text.match(/netsh[^>]*Execute="deferred" Impersonate="no"/g)).toHaveLength(2)
  })

  test('leaves everything else as it was', async () => {
    const text = await edited(template)
    const added = text.slice(
      text.indexOf('\n    <CustomAction Id="RemoveFirewallRule"'),
      text.lastIndexOf('  </Product>'),
    )
    expect(text.replace(added, '')).toBe(template)
  })

  // Would catch: a new electron-builder whose project silently gets no rule.
  test('is not made where the project is another one', async () => {
    await expect(edited('<Wix><Package></Package></Wix>')).rejects.toThrow(/project has changed/)
  })
})

describe('signing', () => {
  // Would catch: a pull request that cannot be packaged since it has no certificate, whose variable is then empty.
  test('leaves out variables that are set to nothing, and nothing else', () => {
    const env = {
      CSC_LINK: '',
      WIN_CSC_LINK: ' ',
      APPLE_API_KEY: 'key.p8',
      CSC_KEY_PASSWORD: '',
      PATH: '',
      HOME: '/h',
    }
    expect(withoutEmptySigningVariables(env)).toEqual({ APPLE_API_KEY: 'key.p8', PATH: '', HOME: '/h' })
  })
})

describe('the workflow', () => {
  const { jobs } = parse(readFileSync(join(project, '.github/workflows/build.yml'), 'utf8')) as {
    jobs: Record<string, { steps: { run?: string }[] }>
  }
  const commandsOf = (job: string): string[] => jobs[job]?.steps.flatMap(({ run }) => run ?? []) ?? []
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }

  // Would catch: desktop tests that no machine ever runs, since npm test installs everything anew and so removes
  // Electron's runtime, without which they are skipped; install scripts of packages that run beside the certificates.
  test.each([
    ['test', /\bnpm test\b/],
    ['package', /\bnpm run package\b/],
  ])('installs once, before Electron’s runtime and what %s is for', (job, purpose) => {
    const commands = commandsOf(job)
    const installation = commands.indexOf('npm run build')
    const runtime = commands.findIndex((run) => run.includes('electron/install.js'))
    expect(commands.filter((run) => /\bnpm (ci|i|install)\b/.test(run))).toEqual([])
    expect(installation).toBeGreaterThanOrEqual(0)
    expect(runtime).toBeGreaterThan(installation)
    expect(commands.findIndex((run) => purpose.test(run))).toBeGreaterThan(runtime)
  })

  test('runs scripts that exist', () => {
    const named = Object.keys(jobs)
      .flatMap(commandsOf)
      .flatMap((run) => [...run.matchAll(/\bnpm (?:run (\S+)|(test))/g)])
    expect(named.length).toBeGreaterThan(3)
    for (const [, script, test] of named) expect(scripts).toHaveProperty(script ?? test ?? '')
  })
})

describe('the packages of Linux', () => {
  const configuration = parse(readFileSync(join(project, 'electron-builder.yml'), 'utf8')) as {
    toolsets: { appimage: string }
    linux: Record<string, unknown>
  }

  // Would catch: an AppImage that needs FUSE 2, which new systems lack, and whose menu entry turns the sandbox off.
  test('have a static AppImage runtime, and nobody turns the sandbox off', () => {
    expect(configuration.toolsets.appimage).not.toBe('0.0.0')
    expect(configuration.linux).toMatchObject({ target: ['AppImage', 'deb', 'rpm'], syncDesktopName: true })
    expect(configuration.linux).not.toHaveProperty('executableArgs')
  })
})

describe('npm start on Linux', () => {
  const machine: SandboxFacts = {
    platform: 'linux',
    userId: 1000,
    hasSetuidHelper: false,
    setting: () => null,
  }
  const withSetting = (wanted: string, value: string) => (name: string) =>
    name === wanted ? `${value}\n` : null

  test('opens a window where the sandbox can be set up', () => {
    expect(whyNoSandbox(machine)).toBeNull()
    expect(whyNoSandbox({ ...machine, setting: withSetting('user/max_user_namespaces', '63000') })).toBeNull()
  })

  // Would catch: a page of Chromium's own errors and no desk at all, instead of one sentence and the browser.
  test.each([
    ['kernel/unprivileged_userns_clone', '0'],
    ['user/max_user_namespaces', '0'],
    ['kernel/apparmor_restrict_unprivileged_userns', '1'],
  ])('says why there is none where %s is %s, unless the setuid helper is there', (name, value) => {
    const setting = withSetting(name, value)
    expect(whyNoSandbox({ ...machine, setting })).toContain(name.replace('/', '.'))
    expect(whyNoSandbox({ ...machine, setting, hasSetuidHelper: true })).toBeNull()
  })

  test('says so to root, helper or not', () => {
    expect(whyNoSandbox({ ...machine, userId: 0, hasSetuidHelper: true })).toContain('ordinary user')
  })

  test.each(['darwin', 'win32'] as const)('asks nothing on %s', (platform) => {
    expect(whyNoSandbox({ ...machine, platform, userId: 0, setting: () => '0' })).toBeNull()
  })
})
