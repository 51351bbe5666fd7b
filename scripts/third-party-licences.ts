// The beforePack step of electron-builder, and `node scripts/third-party-licences.ts`: collects the licences of every
// package that the bundle contains, since bundling drops the files they came with.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { z } from 'zod'
import { root } from './processes.ts'

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
})

interface ThirdParty {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly texts: readonly string[]
}

const licenceFile = /^(licen[cs]e|copying|notice|ofl)([.-].*)?$/i

/** Walks the dependencies of a package folder as Node would resolve them; devDependencies are not shipped. */
function collect(folder: string, found: Map<string, ThirdParty>): Map<string, ThirdParty> {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  for (const name of Object.keys(manifest.dependencies)) {
    const dependency = installedAt(name, folder)
    if (dependency === null || found.has(dependency)) continue
    found.set(dependency, thirdParty(dependency))
    collect(dependency, found)
  }
  return found
}

/** Looks upwards through node_modules, since many packages do not export their package.json. Null where optional. */
function installedAt(name: string, from: string): string | null {
  const places = createRequire(join(from, 'package.json')).resolve.paths(name) ?? []
  const folder = places
    .map((place) => join(place, name))
    .find((candidate) => readdirOrNone(candidate).includes('package.json'))
  return folder ?? null
}

function readdirOrNone(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return []
    throw error
  }
}

function thirdParty(folder: string): ThirdParty {
  const { name, version, license } = manifestSchema.parse(
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  )
  const texts = readdirSync(folder)
    .filter((file) => licenceFile.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return { name, version, license: license ?? 'see below', texts }
}

export default function writeThirdPartyLicences(): void {
  const packages = [...collect(root, new Map()).values()].sort((a, b) => a.name.localeCompare(b.name))
  const sections = packages.map(({ name, version, license, texts }) =>
    [`${name} ${version} (${license})`, ...texts].join('\n\n'),
  )
  const folder = join(root, 'out/licences')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'third-party.txt'), sections.join(`\n\n${'-'.repeat(80)}\n\n`))
}

if (import.meta.filename === process.argv[1]) {
  writeThirdPartyLicences()
  console.log('The licences of the bundled packages are in out/licences/third-party.txt')
}
