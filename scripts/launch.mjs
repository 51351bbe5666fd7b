// First script of every command. It may run on an older Node, before anything is installed: plain JavaScript, no
// dependencies. It installs what is missing, then hands over to the task on the Node that the project brings.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tasks = ['start', 'demo', 'dev', 'build', 'test', 'bench', 'proofs', 'e2e', 'desk', 'package']
const [task, ...taskArguments] = process.argv.slice(2)
if (!tasks.includes(task)) {
  console.error(`Name a task: ${tasks.join(', ')}.`)
  process.exit(2)
}

const nodeFolder = join(root, 'node_modules', '.bin')
process.chdir(root)
installDependencies()
handOver()

/** Installs exactly what the lockfile says, once for each lockfile. */
function installDependencies() {
  const stamp = join(root, 'node_modules', '.installed-for')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && projectNode()) return
  console.log('Alta Desk: installing dependencies (npm ci), once for this version...')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const installed = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (installed.status !== 0) {
    console.error('Alta Desk: npm ci failed; its message stands above. Mend that and run the command again.')
    process.exit(1)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, lock)
}

/** The Node 24 that came with the dependencies, or null while they are not there. */
function projectNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const path = join(root, 'node_modules', 'node', 'bin', name)
  return existsSync(path) ? path : null
}

function handOver() {
  const node = projectNode()
  if (!node) {
    console.error(
      'Alta Desk: the package "node" brought no runtime for this system. Delete node_modules and try again.',
    )
    process.exit(1)
  }
  const separator = process.platform === 'win32' ? ';' : ':'
  const env = { ...process.env, PATH: `${nodeFolder}${separator}${process.env.PATH}` }
  const taskProcess = spawn(node, [join(root, 'scripts', `${task}.ts`), ...taskArguments], {
    stdio: 'inherit',
    env,
  })
  // A terminal sends Ctrl+C to the whole group itself; passing it on would make it the second one.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) taskProcess.kill('SIGINT')
  })
  process.on('SIGTERM', () => taskProcess.kill('SIGTERM'))
  taskProcess.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}
