// The peer of the cold start: imports the libraries a serving desk uses, opens the same database, answers HTTP.
import Database from 'better-sqlite3'
import * as orpcOpenapi from '@orpc/openapi/fastify'
import * as orpcServer from '@orpc/server'
import * as cockatiel from 'cockatiel'
import * as drizzle from 'drizzle-orm/better-sqlite3'
import log from 'electron-log/node.js'
import fastify from 'fastify'
import * as jose from 'jose'
import * as undici from 'undici'
import * as uuid from 'uuid'
import * as yaml from 'yaml'
import * as zod from 'zod'
import * as metrics from '@prometheus-io/client'

// Named so that no bundler drops an import it finds unused.
const imported = [orpcOpenapi, orpcServer, cockatiel, drizzle, log, jose, undici, uuid, yaml, zod, metrics]
const database = new Database(process.argv[2] ?? '', { readonly: true })
const cameras = database.prepare('SELECT count(*) AS total FROM cameras').get()
const app = fastify()
app.get('/', () => ({ cameras, imported: imported.length }))
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
