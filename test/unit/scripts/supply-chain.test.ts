import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../../..')
const workflows = join(root, '.github/workflows')

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, string>>
}

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly Step[]; readonly needs?: readonly string[] }>
  >
}

const jobs = readdirSync(workflows).flatMap((file) =>
  Object.values((parse(readFileSync(join(workflows, file), 'utf8')) as Workflow).jobs),
)

// Would catch: a tag that its owner, or a thief, moves to other code.
test('every action is pinned by its commit', () => {
  const used = jobs.flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []))
  expect(used.length).toBeGreaterThan(5)
  expect(used.filter((uses) => !/@[0-9a-f]{40}$/.test(uses))).toEqual([])
})

// Would catch: tests, which run code of hundreds of packages, with the certificates in reach.
test('no job that has secrets runs tests', () => {
  const withSecrets = jobs.filter((job) => JSON.stringify(job).includes('secrets.'))
  expect(withSecrets).toHaveLength(1)
  const commands = withSecrets.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))
  expect(commands.filter((command) => /npm (run )?(test|e2e|proofs|bench)/.test(command))).toEqual([])
})

// Would catch: packages that somebody else than their makers published, or a release that nobody can look up in a list of
// vulnerable packages.
test('signatures are checked, and a bill of materials is kept, before anything is packaged', () => {
  const checking = jobs.find(({ steps }) => steps.some(({ run }) => run === 'npm audit signatures'))
  const bill = checking?.steps.find(({ run }) => run?.startsWith('npm sbom '))?.run
  expect(bill).toMatch(/--sbom-format cyclonedx .*> sbom\.cdx\.json$/)
  const kept = checking?.steps.find((step) => step.with?.['path'] === 'sbom.cdx.json')
  expect(kept?.uses).toMatch(/^actions\/upload-artifact@/)
  expect(kept?.with?.['if-no-files-found']).toBe('error')
  const signing = jobs.find((job) => JSON.stringify(job).includes('secrets.'))
  expect(signing?.needs).toEqual(['test', 'supply-chain'])
})

// Would catch: an installation that is reported to somebody.
test('the package whose install script reports home is not installed', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { link?: boolean; hasInstallScript?: boolean }>
  }
  expect(lock.packages['node_modules/@scarf/scarf']).toEqual({ resolved: 'scripts/no-scarf', link: true })
})
