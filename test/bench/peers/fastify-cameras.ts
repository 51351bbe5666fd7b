// The peer of the cameras list: a Fastify route with the same token check and the same query, written by hand, and a
// bare route beside it. Arguments: database, HS256 secret.
import Database from 'better-sqlite3'
import fastify from 'fastify'
import { jwtVerify } from 'jose'

const [, , path = '', secret = ''] = process.argv
const key = new TextEncoder().encode(secret)
const database = new Database(path, { readonly: true })
const page = database.prepare(
  `SELECT cameras.id, cameras.name, cameras.server_id AS serverId, servers.name AS serverName,
          cameras.receiver_id AS receiverId, cameras.sub_receiver_id AS subReceiverId,
          cameras.storage_id AS storageId, cameras.storage_duration_hours AS storageDurationHours
     FROM cameras JOIN servers ON servers.id = cameras.server_id
    ORDER BY cameras.name COLLATE NOCASE, cameras.id LIMIT ? OFFSET ?`,
)
const count = database.prepare('SELECT count(*) AS total FROM cameras').pluck()
const app = fastify()

app.get<{ Querystring: { page?: string; pageSize?: string } }>('/api/cameras', async (request, reply) => {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  const verified = await jwtVerify(token, key).catch(() => null)
  if (!verified) return reply.code(401).send({ code: 'UNAUTHORIZED', message: 'Sign in first.' })
  const size = Number(request.query.pageSize ?? 25)
  const offset = (Number(request.query.page ?? 1) - 1) * size
  return { items: page.all(size, offset), total: count.get() }
})
app.get('/bare', () => ({ hello: 'world' }))
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
