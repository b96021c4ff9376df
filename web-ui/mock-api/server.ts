// The mock behind real HTTP and a real socket, so that cookies, the socket protocol and the
// content security policy are exercised as in the product.
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse, Server } from 'node:http'

import { buildSchema, execute, GraphQLError, isInterfaceType, isObjectType, isUnionType, parse, subscribe, validate, type GraphQLSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer, type WebSocket } from 'ws'

import { Bus, type Context, type Session } from './context.ts'
import { resolvers } from './resolvers/index.ts'
import { finding, scenarioFor } from './seed/findings.ts'
import { random } from './seed/random.ts'
import { seedWorld } from './seed/world.ts'

const COOKIE = 'vedetta_session'
const sessions = new Map<string, Session & { tenant: string }>()

function executableSchema(sdl: string): GraphQLSchema {
  const schema = buildSchema(sdl)
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName)
    for (const [name, resolver] of Object.entries(fields as Record<string, unknown>)) {
      if (name === '__resolveType' && (isInterfaceType(type) || isUnionType(type))) type.resolveType = resolver as never
      else if (isObjectType(type)) {
        const field = type.getFields()[name]
        if (!field) throw new Error(`the schema has no ${typeName}.${name}`)
        if (typeof resolver === 'function') field.resolve = resolver as never
        else field.subscribe = (resolver as { subscribe: never }).subscribe
      }
    }
  }
  return schema
}

function sessionOf(request: IncomingMessage): (Session & { tenant: string }) | null {
  const value = new RegExp(`${COOKIE}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1]
  return sessions.get(value ?? '') ?? null
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString() || '{}') as Record<string, unknown>
}

function answer(response: ServerResponse, status: number, body?: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

const unauthenticated = () => new GraphQLError('sign in first', { extensions: { code: 'UNAUTHENTICATED' } })

async function graphqlOver(schema: GraphQLSchema, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { query, variables } = (await bodyOf(request)) as { query: string; variables?: Record<string, unknown> }
  const document = parse(query)
  const errors = validate(schema, document)
  if (errors.length > 0) { answer(response, 200, { errors }); return }
  const session = sessionOf(request)
  if (!session && !/^\s*query Me\b/.test(query)) { answer(response, 200, { data: null, errors: [unauthenticated()] }); return }
  answer(response, 200, await execute({ schema, document, variableValues: variables, contextValue: { session } satisfies Context }))
}

async function login(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { tenant, name, password } = (await bodyOf(request)) as Record<string, string>
  if (password === 'throttled') { answer(response, 429, { code: 'EXHAUSTED', message: 'too many failed sign-ins; try again later', retryAfterSeconds: 30 }); return }
  const world = seedWorld(Date.now())
  const user = world.users.find((u) => u.name === name && u.password === password && u.memberOf.includes(tenant ?? ''))
  if (!user) { answer(response, 401, { code: 'UNAUTHENTICATED', message: 'name or password is wrong' }); return }
  const id = crypto.randomUUID()
  sessions.set(id, { world, bus: new Bus(), user, tenant: tenant ?? '' })
  answer(response, 204, undefined, { 'set-cookie': `${COOKIE}=${id}; HttpOnly; SameSite=Strict; Path=/` })
}

/** Makes a finding happen now: `POST /mock/raise {"tenant", "rule", "hostname"}`. */
async function raise(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const session = sessionOf(request)
  const { tenant: slug = 'default', rule = 'Shell started by a web server', hostname } = (await bodyOf(request)) as Record<string, string | undefined>
  const tenant = session?.world.tenants.find((t) => t.slug === slug)
  const node = tenant?.nodes.find((n) => n.hostname === hostname) ?? tenant?.nodes[0]
  if (!session || !tenant || !node) { answer(response, 404, { message: 'no such session, tenant or node' }); return }
  const row = finding(scenarioFor(rule), { node, rules: tenant.rules, caseId: null, time: Date.now(), next: random(Date.now()) })
  tenant.findings.push(row)
  session.bus.publish('finding', slug, row)
  answer(response, 200, { id: row.id })
}

/** Answers what belongs to the API; `false` leaves the request to the next handler. */
export function mockServer(schemaPath: string) {
  const schema = executableSchema(readFileSync(schemaPath, 'utf8'))
  const sockets = new WebSocketServer({ noServer: true })
  const owners = new WeakMap<WebSocket, Session | null>()
  /** Cuts the session's sockets, as a lost network would. */
  const drop = (request: IncomingMessage, response: ServerResponse) => {
    const session = sessionOf(request)
    for (const ws of sockets.clients) if (owners.get(ws) === session) ws.terminate()
    answer(response, 204)
  }
  useServer(
    {
      schema,
      // All from one copy of graphql-js: it refuses schemas that another copy made.
      execute,
      subscribe,
      validate,
      context: ({ extra }) => ({ session: sessionOf(extra.request) }) satisfies Context,
      onConnect: ({ extra }) => sessionOf(extra.request) !== null,
    },
    sockets,
  )
  return {
    handle(request: IncomingMessage, response: ServerResponse): boolean {
      const path = request.url?.split('?')[0]
      const post = request.method === 'POST'
      const fail = (error: unknown) => { answer(response, 500, { code: 'INTERNAL', message: String(error) }) }
      if (path === '/graphql') void (post ? graphqlOver(schema, request, response).catch(fail) : answer(response, 405))
      else if (path === '/api/login' && post) void login(request, response).catch(fail)
      else if (path === '/api/logout' && post) answer(response, 204, undefined, { 'set-cookie': `${COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0` })
      else if (path === '/mock/raise' && post) void raise(request, response).catch(fail)
      else if (path === '/mock/drop' && post) drop(request, response)
      else return false
      return true
    },
    listenOn(server: Server): void {
      server.on('upgrade', (request, socket, head) => {
        if (request.url !== '/graphql/ws') return
        sockets.handleUpgrade(request, socket, head, (ws) => {
          owners.set(ws, sessionOf(request))
          sockets.emit('connection', ws, request)
        })
      })
    },
  }
}
