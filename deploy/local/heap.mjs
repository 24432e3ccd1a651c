/**
 * How much memory each program may take. Node lets its heap grow to a part of the machine's memory before it clears it up; what lives in these
 * programs is bounded, so a small heap costs little time and keeps the hub under 400 MB and the gateway under 200 MB at full load
 * (`npm run bench`). glibc otherwise keeps freed buffers for each of Node's threads: two arenas.
 */
export const heap = {
  hub: ['--max-old-space-size=224', '--max-semi-space-size=16'],
  gateway: ['--max-old-space-size=96', '--max-semi-space-size=4'],
}
export const memoryEnv = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' }
