// Generated from the hub's /openapi.json by console/contract.mjs. Do not edit.
export interface paths {
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures for Prometheus */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The process is alive, and what it sees upstream
         * @description Always 200 while the process answers: restarting the hub does not mend a database. Use /readyz to route requests.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /**
                             * @description degraded: an engine does not answer; the hub goes on without it
                             * @enum {unknown}
                             */
                            status: "ok" | "starting" | "degraded";
                            version: string;
                            uptimeS: number;
                            upstream: {
                                /** @enum {unknown} */
                                database: "up" | "down";
                                /** @enum {unknown} */
                                redis: "up" | "down";
                                /** @enum {unknown} */
                                broker: "up" | "down";
                                /** @enum {unknown} */
                                history: "up" | "down";
                            };
                            gateways: {
                                online: number;
                                offline: number;
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ready to serve: everything is started and every engine answers */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready";
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/site": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Name, time zone and version of this house */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            name: string;
                            /** @description IANA name */
                            timeZone: string;
                            version: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/views/{view}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A snapshot of a view
         * @description For scripts. A screen opens the view over Socket.IO (path /socket.io) and gets this snapshot, then numbered patches.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only beds of this point of care */
                    unit?: string;
                };
                header?: never;
                path: {
                    view: "critical-care" | "feeds";
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Snapshot"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/feeds.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The feeds view as a table */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/csv": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every device that was heard */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            devices: {
                                /** @description EUI-64, or the name its sender gives it */
                                id: string;
                                gateway: string;
                                model?: string;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                firstSeenAt: number;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                lastSeenAt?: number;
                                /** @enum {unknown} */
                                connectivity: "online" | "silent" | "offline";
                                clockOffsetMs?: number;
                                bed?: string;
                                /** @description PV1-3 as last sent */
                                placedAt?: string;
                                association?: {
                                    patient: string;
                                    encounter?: string;
                                    bed?: string;
                                    /**
                                     * @description What it rests on; nurse: confirmed by hand
                                     * @enum {unknown}
                                     */
                                    basis: "pid" | "device" | "bed" | "nurse";
                                    /** @description ms since 1970-01-01T00:00:00Z */
                                    since: number;
                                };
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices/unassigned": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Devices whose readings are charted to nobody, and that stand at no known bed */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            devices: {
                                /** @description EUI-64, or the name its sender gives it */
                                id: string;
                                gateway: string;
                                model?: string;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                firstSeenAt: number;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                lastSeenAt?: number;
                                /** @enum {unknown} */
                                connectivity: "online" | "silent" | "offline";
                                clockOffsetMs?: number;
                                bed?: string;
                                /** @description PV1-3 as last sent */
                                placedAt?: string;
                                association?: {
                                    patient: string;
                                    encounter?: string;
                                    bed?: string;
                                    /**
                                     * @description What it rests on; nurse: confirmed by hand
                                     * @enum {unknown}
                                     */
                                    basis: "pid" | "device" | "bed" | "nurse";
                                    /** @description ms since 1970-01-01T00:00:00Z */
                                    since: number;
                                };
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One device */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description EUI-64, or the name its sender gives it */
                            id: string;
                            gateway: string;
                            model?: string;
                            /** @description ms since 1970-01-01T00:00:00Z */
                            firstSeenAt: number;
                            /** @description ms since 1970-01-01T00:00:00Z */
                            lastSeenAt?: number;
                            /** @enum {unknown} */
                            connectivity: "online" | "silent" | "offline";
                            clockOffsetMs?: number;
                            bed?: string;
                            /** @description PV1-3 as last sent */
                            placedAt?: string;
                            association?: {
                                patient: string;
                                encounter?: string;
                                bed?: string;
                                /**
                                 * @description What it rests on; nurse: confirmed by hand
                                 * @enum {unknown}
                                 */
                                basis: "pid" | "device" | "bed" | "nurse";
                                /** @description ms since 1970-01-01T00:00:00Z */
                                since: number;
                            };
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/devices/{id}/association": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Confirm that a device is on this patient
         * @description Ends a conflict between what the device says and where it was: readings held for it are charted to this patient.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        patient: string;
                    };
                };
            };
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description EUI-64, or the name its sender gives it */
                            id: string;
                            gateway: string;
                            model?: string;
                            /** @description ms since 1970-01-01T00:00:00Z */
                            firstSeenAt: number;
                            /** @description ms since 1970-01-01T00:00:00Z */
                            lastSeenAt?: number;
                            /** @enum {unknown} */
                            connectivity: "online" | "silent" | "offline";
                            clockOffsetMs?: number;
                            bed?: string;
                            /** @description PV1-3 as last sent */
                            placedAt?: string;
                            association?: {
                                patient: string;
                                encounter?: string;
                                bed?: string;
                                /**
                                 * @description What it rests on; nurse: confirmed by hand
                                 * @enum {unknown}
                                 */
                                basis: "pid" | "device" | "bed" | "nurse";
                                /** @description ms since 1970-01-01T00:00:00Z */
                                since: number;
                            };
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** The device is on nobody from now on */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Why a request was refused (RFC 9457) */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gateways and how far their streams are stored */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            gateways: {
                                id: string;
                                enrolled: boolean;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                enrolledAt?: number;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                revokedAt?: number;
                                /** @enum {unknown} */
                                state: "online" | "offline" | "unknown";
                                /** @description ms since 1970-01-01T00:00:00Z */
                                lastHeardAt?: number;
                                version?: string;
                                /** @description The hub that takes in its streams */
                                holder?: string;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                leaseUntil?: number;
                                streams: {
                                    spool: string;
                                    stream: string;
                                    committed: number;
                                    lost: number;
                                    /** @description ms since 1970-01-01T00:00:00Z */
                                    updatedAt: number;
                                }[];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Stored readings of a device or a patient, newest first */
        get: {
            parameters: {
                query?: {
                    device?: string;
                    patient?: string;
                    /** @description MDC codes, comma between them */
                    code?: string;
                    /** @description ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00) */
                    from?: string;
                    /** @description ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00) */
                    to?: string;
                    order?: "newest" | "oldest";
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readings: {
                                device: string;
                                path: string;
                                /** @description MDC code */
                                code: number;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                at: number;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                receivedAt: number;
                                /** @description Left out when there is no value: never 0 for missing */
                                value?: number;
                                text?: string;
                                /** @description UCUM, where it differs from the canonical unit of the code */
                                unit?: string;
                                /** @enum {unknown} */
                                quality?: "INV" | "QUES" | "NAV" | "CAL" | "EARLY" | "TEST" | "DEMO" | "VAL" | "BUSY" | "ALACT" | "ALINH" | "OFF" | "absent" | "implausible";
                                /** @enum {unknown} */
                                bound?: ">" | "<";
                                /** @enum {unknown} */
                                correction?: "C" | "D" | "W";
                                patient?: string;
                                encounter?: string;
                                late?: boolean;
                                messageId: string;
                            }[];
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/trend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Minimum, maximum and mean of one metric in even steps; steps without values are left out */
        get: {
            parameters: {
                query: {
                    device: string;
                    /** @description Containment path, for example 1.2.1.1 */
                    path: string;
                    /** @description ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00) */
                    from: string;
                    /** @description ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00) */
                    to: string;
                    stepMs?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            steps: {
                                /** @description ms since 1970-01-01T00:00:00Z */
                                at: number;
                                min: number;
                                max: number;
                                mean: number;
                                count: number;
                            }[];
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/waves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Waveform blocks for a strip of at most five minutes */
        get: {
            parameters: {
                query: {
                    device: string;
                    code?: number;
                    /** @description ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00) */
                    from: string;
                    /** @description ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00) */
                    to: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            blocks: {
                                device: string;
                                path: string;
                                code: number;
                                /** @description ms since 1970-01-01T00:00:00Z */
                                start: number;
                                rateHz: number;
                                resolution?: number;
                                offset?: number;
                                unit?: string;
                                samples: (number | null)[];
                                /** @description ms since 1970-01-01T00:00:00Z */
                                receivedAt: number;
                                patient?: string;
                            }[];
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Dead letters, newest first */
        get: {
            parameters: {
                query?: {
                    state?: "waiting" | "redriven" | "resolved" | "discarded";
                    gateway?: string;
                    /** @description ms since 1970-01-01T00:00:00Z, or ISO 8601 with an offset (2026-01-15T10:15:30+09:00) */
                    before?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            letters: {
                                id: string;
                                gateway: string;
                                /** @enum {unknown} */
                                door: "mllp" | "mqtt" | "record";
                                peer?: string;
                                /** @description Name of the refusal */
                                code: string;
                                says: string;
                                /** @description What the sender was told: AA, AE, AR, CA, CE, CR */
                                answered?: string;
                                messageId?: string;
                                messageType?: string;
                                sender?: string;
                                /** @description Length of the whole; at most 64 KiB are kept */
                                bytes: number;
                                receivedAt: number;
                                /** @enum {unknown} */
                                state: "waiting" | "redriven" | "resolved" | "discarded";
                            }[];
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One dead letter and its bytes */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            gateway: string;
                            /** @enum {unknown} */
                            door: "mllp" | "mqtt" | "record";
                            peer?: string;
                            /** @description Name of the refusal */
                            code: string;
                            says: string;
                            /** @description What the sender was told: AA, AE, AR, CA, CE, CR */
                            answered?: string;
                            messageId?: string;
                            messageType?: string;
                            sender?: string;
                            /** @description Length of the whole; at most 64 KiB are kept */
                            bytes: number;
                            receivedAt: number;
                            /** @enum {unknown} */
                            state: "waiting" | "redriven" | "resolved" | "discarded";
                            topic?: string;
                            redrivenAt?: number;
                            redrives: number;
                            /** @description The bytes as they came, base64 */
                            raw: string;
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}/raw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of a dead letter, as they came */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a dead letter in again by the door it came through */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            /**
                             * @description redriven: its gateway has it; resolved: the hub took it in
                             * @enum {unknown}
                             */
                            state: "waiting" | "redriven" | "resolved" | "discarded";
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close a dead letter without taking it in; it is kept */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            /** @enum {string} */
                            state: "discarded";
                        };
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Why a request was refused (RFC 9457) */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** CapabilityStatement */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Patient": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search Patient
         * @description People known from ADT and from device messages. A record merged into another says so in link and is not active.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Logical id */
                    _id?: unknown;
                    /** @description When the record last changed here */
                    _lastUpdated?: unknown;
                    /** @description system|value, or value. The name of an HL7 assigning authority may stand as system */
                    identifier?: unknown;
                    /** @description Beginning of the family name */
                    family?: unknown;
                    /** @description Beginning of the given name */
                    given?: unknown;
                    /** @description Beginning of family or given name */
                    name?: unknown;
                    /** @description Date of birth */
                    birthdate?: unknown;
                    /** @description male, female, other, unknown */
                    gender?: unknown;
                    /** @description false: merged into another record */
                    active?: unknown;
                    /** @description Resources in a page, 50 unless said, at most 1000 */
                    _count?: unknown;
                    /** @description _id, _lastUpdated, family, given, birthdate; with - in front: descending */
                    _sort?: unknown;
                    /** @description count */
                    _summary?: unknown;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Patient/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read Patient */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Location": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search Location
         * @description Beds, named by HL7 PL.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Logical id */
                    _id?: unknown;
                    /** @description When the bed last changed here */
                    _lastUpdated?: unknown;
                    /** @description pointOfCare^room^bed^facility */
                    identifier?: unknown;
                    /** @description Beginning of unit, room or bed */
                    name?: unknown;
                    /** @description active */
                    status?: unknown;
                    /** @description O: somebody lies in it */
                    "operational-status"?: unknown;
                    /** @description Resources in a page, 50 unless said, at most 1000 */
                    _count?: unknown;
                    /** @description _id, _lastUpdated, name; with - in front: descending */
                    _sort?: unknown;
                    /** @description count */
                    _summary?: unknown;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Location/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read Location */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Device": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search Device
         * @description Devices that were heard, by EUI-64 or by the name their sender gives them.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Logical id */
                    _id?: unknown;
                    /** @description EUI-64, or the name its sender gives it */
                    identifier?: unknown;
                    /** @description MDC code of the device system */
                    type?: unknown;
                    /** @description active */
                    status?: unknown;
                    /** @description Beginning of the model */
                    model?: unknown;
                    /** @description Whom it is on now */
                    patient?: unknown;
                    /** @description The bed it is at */
                    location?: unknown;
                    /** @description Resources in a page, 50 unless said, at most 1000 */
                    _count?: unknown;
                    /** @description _id; with - in front: descending */
                    _sort?: unknown;
                    /** @description count */
                    _summary?: unknown;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Device/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read Device */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Observation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search Observation
         * @description Readings of bedside devices, newest first. One Observation for each value; id made of device, containment path and instant. A total is given when it is known at once, or asked for with _total=accurate or _summary=count.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Logical id */
                    _id?: unknown;
                    /** @description Whom it is charted to */
                    patient?: unknown;
                    /** @description Whom it is charted to */
                    subject?: unknown;
                    /** @description The device that measured */
                    device?: unknown;
                    /** @description MDC or LOINC code, with or without system */
                    code?: unknown;
                    /** @description vital-signs */
                    category?: unknown;
                    /** @description The instant of the value; give it twice for a stretch */
                    date?: unknown;
                    /** @description final, amended, entered-in-error */
                    status?: unknown;
                    /** @description Resources in a page, 50 unless said, at most 1000 */
                    _count?: unknown;
                    /** @description date; with - in front: descending */
                    _sort?: unknown;
                    /** @description count */
                    _summary?: unknown;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fhir/Observation/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read Observation */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Default Response */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        LiveMetric: {
            value?: number | null;
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
                [key: string]: components["schemas"]["LiveMetric"];
            };
            alarms: components["schemas"]["WallAlarm"][];
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
        /** @description Why a request was refused (RFC 9457) */
        Problem: {
            /** @description about:blank: the status and `code` say it all */
            type: string;
            title: string;
            status: number;
            code: string;
            detail?: string;
            /** @description The path that was asked for */
            instance?: string;
            /** @description Find it in the log by this */
            requestId: string;
            /** @enum {unknown} */
            retry?: "never" | "later" | "ask";
            errors?: {
                /** @description body, querystring, params or headers */
                in: string;
                at: string;
                says: string;
            }[];
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
