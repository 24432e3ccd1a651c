// Generated from the hub's /openapi.json by console/contract.mjs. Do not edit.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        LiveMetric: {
            value: number | null;
            unit: string;
            code: number;
            path: string;
            /** @description ms since 1970-01-01T00:00:00Z */
            at: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            receivedAt: number;
            quality?: string;
            /** @enum {unknown} */
            bound?: ">" | "<";
            limits?: [
                number | null,
                number | null
            ];
            fresh: {
                delayedMs: number;
                staleMs: number;
                lostMs: number;
            };
        };
        WallAlarm: {
            id: string;
            /** @enum {unknown} */
            priority: "high" | "medium" | "low" | "none";
            /** @enum {unknown} */
            kind: "SP" | "ST" | "SA";
            text: string;
            /** @enum {unknown} */
            state: "active" | "latched";
            /** @enum {unknown} */
            inactivation: "enabled" | "audio-paused" | "audio-off" | "alarm-paused" | "alarm-off" | "alert-acknowledged";
            /** @enum {unknown} */
            source: "device" | "technical";
            /** @description ms since 1970-01-01T00:00:00Z */
            since: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            receivedAt: number;
            late?: boolean;
        };
        BedItem: {
            id: string;
            unit: string;
            room: string;
            bed: string;
            label: string;
            assigned: boolean;
            patient?: {
                initials: string;
                name?: string;
                sex?: string;
                ageYears?: number;
            };
            device?: {
                id: string;
                /** @enum {unknown} */
                connectivity: "online" | "silent" | "offline";
                /** @description ms since 1970-01-01T00:00:00Z */
                lastSeenAt: number;
                clockOffsetMs?: number;
                gateway: string;
            };
            /** @description Keys: hr, spo2, rr, nibpSys, nibpDia, nibpMean, abpSys, abpDia, abpMean, temp, etco2, pulse */
            metrics: {
                [key: string]: {
                    value: number | null;
                    unit: string;
                    code: number;
                    path: string;
                    /** @description ms since 1970-01-01T00:00:00Z */
                    at: number;
                    /** @description ms since 1970-01-01T00:00:00Z */
                    receivedAt: number;
                    quality?: string;
                    /** @enum {unknown} */
                    bound?: ">" | "<";
                    limits?: [
                        number | null,
                        number | null
                    ];
                    fresh: {
                        delayedMs: number;
                        staleMs: number;
                        lostMs: number;
                    };
                };
            };
            alarms: {
                id: string;
                /** @enum {unknown} */
                priority: "high" | "medium" | "low" | "none";
                /** @enum {unknown} */
                kind: "SP" | "ST" | "SA";
                text: string;
                /** @enum {unknown} */
                state: "active" | "latched";
                /** @enum {unknown} */
                inactivation: "enabled" | "audio-paused" | "audio-off" | "alarm-paused" | "alarm-off" | "alert-acknowledged";
                /** @enum {unknown} */
                source: "device" | "technical";
                /** @description ms since 1970-01-01T00:00:00Z */
                since: number;
                /** @description ms since 1970-01-01T00:00:00Z */
                receivedAt: number;
                late?: boolean;
            }[];
            trends: {
                [key: string]: [
                    number,
                    number
                ][];
            };
            waves: {
                code: number;
                label: string;
                unit?: string;
                rateHz: number;
            }[];
            attention: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            asOf: number;
        };
        FeedItem: {
            /** @constant */
            kind: "gateway";
            id: string;
            gateway: string;
            enrolled: boolean;
            /** @enum {unknown} */
            state: "online" | "offline" | "unknown";
            /** @description ms since 1970-01-01T00:00:00Z */
            since: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            asOf: number;
            version: string;
            connections: number;
            accepted: number;
            refused: number;
            duplicates: number;
            ratePerS: number;
            spoolBytes: number;
            spoolLimitBytes: number;
            streams: {
                stream: string;
                first: number;
                last: number;
                committed: number;
                waiting: number;
                bytes: number;
                /** @description ms since 1970-01-01T00:00:00Z */
                oldestAt?: number;
                dropped: number;
            }[];
        } | {
            /** @constant */
            kind: "device";
            id: string;
            device: string;
            model?: string;
            gateway: string;
            bed?: string;
            /** @enum {unknown} */
            connectivity: "online" | "silent" | "offline";
            /** @description ms since 1970-01-01T00:00:00Z */
            asOf: number;
            messages: number;
            ratePerS: number;
            metrics: number;
            unmapped: number;
            clockOffsetMs?: number;
        } | {
            /** @constant */
            kind: "sender";
            id: string;
            gateway: string;
            sender: string;
            peer: string;
            accepted: number;
            refused: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            asOf: number;
            clockOffsetMs?: number;
        } | {
            /** @constant */
            kind: "refusal";
            id: string;
            /** @description Id for GET /dead-letters/{id} and POST /dead-letters/{id}/redrive */
            deadLetter: string;
            gateway: string;
            door: string;
            peer: string;
            code: string;
            says: string;
            answered?: string;
            messageId?: string;
            messageType?: string;
            sender?: string;
            bytes: number;
            /** @enum {unknown} */
            state: "waiting" | "redriven" | "resolved" | "discarded";
            /** @description ms since 1970-01-01T00:00:00Z */
            asOf: number;
        };
        Snapshot: {
            /** @enum {unknown} */
            view: "critical-care" | "feeds";
            seq: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            at: number;
            site: {
                name: string;
                timeZone: string;
            };
            items: {
                [key: string]: unknown;
            };
        };
        Patch: {
            /** @enum {unknown} */
            view: "critical-care" | "feeds";
            seq: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            at: number;
            set: {
                [key: string]: unknown;
            };
            gone: string[];
        };
        Beat: {
            /** @description ms since 1970-01-01T00:00:00Z */
            at: number;
            degraded: string[];
        };
        Wave: {
            bed: string;
            code: number;
            /** @description ms since 1970-01-01T00:00:00Z */
            start: number;
            rateHz: number;
            unit?: string;
            samples: (number | null)[];
        };
        Open: {
            /** @enum {unknown} */
            view: "critical-care" | "feeds";
            params?: {
                unit?: string;
                waves?: boolean;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
