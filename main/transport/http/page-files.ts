import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** One file of the built page, ready to be sent. */
export interface PageFile {
  readonly body: Buffer
  readonly contentType: string
  readonly etag: string
  /** Vite puts a hash of the content into every name below assets/. */
  readonly immutable: boolean
}

/** By the ending of a file's name. */
export const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
} as const

const indexPath = '/index.html'

/**
 * The files of the built page by the path of their address. The folder is listed first and only listed names are ever
 * opened, so no address leads outside it. A page that was built anew is noticed when its index.html is asked for.
 */
export class PageFiles {
  readonly #folder: string
  readonly #kept = new Map<string, PageFile>()
  #names: ReadonlySet<string> = new Set()
  #indexChangedAt = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The file at `path` (`/assets/index-abc.js`), or null. */
  async file(path: string): Promise<PageFile | null> {
    if (this.#indexChangedAt === 0) await this.#list()
    if (!this.#names.has(path)) return null
    const known = this.#kept.get(path)
    if (known) return known
    const body = await readFile(join(this.#folder, path))
    const file: PageFile = {
      body,
      contentType: contentTypeOf(path),
      etag: etagOf(body),
      immutable: path.startsWith('/assets/'),
    }
    this.#kept.set(path, file)
    return file
  }

  /** The document of the page; null where the page was not built. */
  async index(): Promise<PageFile | null> {
    await this.#list()
    return this.file(indexPath)
  }

  async #list(): Promise<void> {
    const changedAt = await changeOf(join(this.#folder, indexPath))
    if (changedAt === this.#indexChangedAt) return
    this.#kept.clear()
    const entries =
      changedAt === 0 ? [] : await readdir(this.#folder, { recursive: true, withFileTypes: true })
    this.#names = new Set(
      entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(this.#folder.length).replaceAll('\\', '/'))
        .map((name) => (name.startsWith('/') ? name : `/${name}`)),
    )
    this.#indexChangedAt = changedAt
  }
}

function contentTypeOf(path: string): string {
  const known: Readonly<Record<string, string>> = contentTypes
  return known[extname(path)] ?? 'application/octet-stream'
}

/** The entity tag of a body: another one for every other content. */
export function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
}

async function changeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  return found?.mtimeMs ?? 0
}
