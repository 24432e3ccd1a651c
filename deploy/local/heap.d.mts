export declare const heap: { hub: string[]; gateway: string[] }
export declare const memoryEnv: { MALLOC_ARENA_MAX: string }
