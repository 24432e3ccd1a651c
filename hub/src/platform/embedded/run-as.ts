/**
 * PostgreSQL refuses to run as root. Where the hub is started by root, its programs run as another user, by `setpriv` (util-linux).
 *
 * The checkout may lie under /root, where that user may not even look: then, and only then, it keeps the one capability that lets it
 * pass (CAP_DAC_OVERRIDE). Everywhere on Linux the kernel is asked to end the program when the keeper dies, so that kill -9 of the keeper
 * leaves no database behind.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

export interface RunAs {
  /** The owner that files of the program must have; undefined: whoever we are. */
  owner?: { uid: number; gid: number }
  /** The command line that runs `program` with `args` as that user. */
  commandFor(program: string, args: readonly string[]): [string, string[]]
}

/** The user for PostgreSQL. `paths` are what it must reach: its programs and its data folder (or the folder that will hold it). */
export function runAsForPostgres(paths: readonly string[], existingData?: string): RunAs {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
  const isRoot = process.getuid?.() === 0
  const flags: string[] = []
  let owner: RunAs['owner']
  if (isRoot) {
    if (!setpriv)
      throw new Error(
        'PostgreSQL does not run as root, and setpriv (util-linux) is not there to run it as another user; set DATABASE_URL',
      )
    owner = ownerOf(existingData) ?? userNamed('postgres') ?? createdUser() ?? userNamed('nobody')
    if (!owner) throw new Error('PostgreSQL does not run as root, and there is no other user to run it as; set DATABASE_URL')
    flags.push(`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups')
    // initdb asks with access(2), which leaves the capabilities of a changed user out unless this bit is set.
    if (!paths.every(anyoneReaches))
      flags.push('--securebits=+no_setuid_fixup', '--inh-caps=+dac_override', '--ambient-caps=+dac_override')
  }
  if (setpriv && process.platform === 'linux') flags.push('--pdeathsig=INT')
  return {
    ...(owner && { owner }),
    commandFor: (program, args) => (setpriv && flags.length ? [setpriv, [...flags, program, ...args]] : [program, [...args]]),
  }
}

/** Whoever has the data already keeps it; root's copy of it belongs to nobody in particular. A number without a name cannot run initdb, but it can run what initdb made. */
function ownerOf(folder: string | undefined): RunAs['owner'] {
  if (!folder || !existsSync(folder)) return undefined
  const { uid, gid } = statSync(folder)
  return uid === 0 ? undefined : { uid, gid }
}

function userNamed(name: string): RunAs['owner'] {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
  if (!entry) return undefined
  const [, , uid, gid] = entry.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** A system user without home, shell or password, as a package of PostgreSQL would make it. */
function createdUser(): RunAs['owner'] {
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], {
      stdio: 'ignore',
    })
  } catch {
    return undefined
  }
  return userNamed('postgres')
}

/** Every folder on the way may be passed by anyone, and what is there may be read where it is a program. */
export function anyoneReaches(path: string): boolean {
  // The data folder itself belongs to that user, and may not be there yet; the way to it is what counts.
  if (existsSync(path) && statSync(path).isFile() && (statSync(path).mode & 0o005) !== 0o005) return false
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}
