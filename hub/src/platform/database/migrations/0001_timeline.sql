-- The history of readings (ADR 0004): one row for each frame. Names and layouts are interned, values stand in one array in the
-- order of their layout. All instants are milliseconds since 1970-01-01T00:00:00Z.
CREATE TABLE timeline_name (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE
);
COMMENT ON TABLE timeline_name IS 'Devices and gateways by number';
--> statement-breakpoint
CREATE TABLE timeline_subject (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient text NOT NULL,
  encounter text NOT NULL DEFAULT '',
  UNIQUE (patient, encounter)
);
--> statement-breakpoint
CREATE TABLE frame_layout (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- sha256 of the ordered list, in hex: the list itself may be too long for an index.
  key text NOT NULL UNIQUE,
  paths text[] NOT NULL,
  codes bigint[] NOT NULL
);
--> statement-breakpoint
-- Grows with every write: of two frames that say something about the same path and instant, the one written later is believed.
CREATE SEQUENCE frame_written;
--> statement-breakpoint
CREATE TABLE frame (
  at bigint NOT NULL,
  received_at bigint NOT NULL,
  position bigint NOT NULL,
  written bigint NOT NULL DEFAULT nextval('frame_written'),
  device integer NOT NULL,
  layout integer NOT NULL,
  subject integer,
  gateway integer NOT NULL,
  late boolean NOT NULL DEFAULT false,
  message_id text NOT NULL,
  -- NaN: no value. Never NULL, so that a slice of a long array is found without walking through it.
  "values" double precision[] NOT NULL,
  -- What is not plain: {"<index in the layout>": {"quality": ..., "text": ..., "bound": ..., "unit": ..., "limits": ..., "correction": ...}}
  details jsonb,
  PRIMARY KEY (device, at, layout)
) PARTITION BY RANGE (at);
--> statement-breakpoint
CREATE INDEX frame_at ON frame (at);
--> statement-breakpoint
CREATE INDEX frame_subject ON frame (subject, at) WHERE subject IS NOT NULL;
--> statement-breakpoint
-- What was measured before or after the days that are kept ready: old recordings, clocks that are years off.
CREATE TABLE frame_default PARTITION OF frame DEFAULT;
--> statement-breakpoint
CREATE TABLE wave (
  start_at bigint NOT NULL,
  received_at bigint NOT NULL,
  code bigint NOT NULL,
  rate_hz double precision NOT NULL,
  resolution double precision,
  offset_value double precision,
  device integer NOT NULL,
  subject integer,
  end_at bigint NOT NULL,
  path text NOT NULL,
  unit text,
  samples bytea NOT NULL,
  PRIMARY KEY (device, start_at, path)
) PARTITION BY RANGE (start_at);
--> statement-breakpoint
CREATE TABLE wave_default PARTITION OF wave DEFAULT;
--> statement-breakpoint
-- For people with a SQL prompt. The hub itself reads frames.
CREATE VIEW reading AS
SELECT d.name AS device, l.paths[i] AS path, l.codes[i] AS code, to_timestamp(f.at / 1000.0) AS measured_at,
       to_timestamp(f.received_at / 1000.0) AS received_at, nullif(f."values"[i], 'NaN') AS value, f.details -> (i - 1)::text AS details,
       s.patient, nullif(s.encounter, '') AS encounter, f.late, g.name AS gateway, f.position, f.message_id
FROM frame f
JOIN frame_layout l ON l.id = f.layout
JOIN timeline_name d ON d.id = f.device
JOIN timeline_name g ON g.id = f.gateway
LEFT JOIN timeline_subject s ON s.id = f.subject
CROSS JOIN LATERAL generate_subscripts(l.paths, 1) AS i
WHERE NOT EXISTS (
  SELECT FROM frame n JOIN frame_layout m ON m.id = n.layout
  WHERE n.device = f.device AND n.at = f.at AND n.written > f.written AND m.paths @> ARRAY[l.paths[i]]
);
