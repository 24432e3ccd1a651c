CREATE TABLE "adt_message" (
	"gateway" text NOT NULL,
	"spool" text NOT NULL,
	"position" bigint NOT NULL,
	"sender" text NOT NULL,
	"message_id" text NOT NULL,
	"event" text NOT NULL,
	"at" timestamp (3) with time zone,
	"received_at" timestamp (3) with time zone NOT NULL,
	"outcome" text NOT NULL,
	"says" text,
	"record" jsonb NOT NULL,
	CONSTRAINT "adt_message_gateway_spool_position_pk" PRIMARY KEY("gateway","spool","position")
);
--> statement-breakpoint
CREATE TABLE "dead_letter" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"origin" text,
	"gateway" text NOT NULL,
	"door" text NOT NULL,
	"topic" text,
	"peer" text,
	"code" text NOT NULL,
	"says" text NOT NULL,
	"answered" text,
	"message_id" text,
	"message_type" text,
	"sender" text,
	"raw" text NOT NULL,
	"bytes" integer NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"redriven_at" timestamp (3) with time zone,
	"redrives" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "dead_letter_origin_unique" UNIQUE("origin")
);
--> statement-breakpoint
CREATE TABLE "device" (
	"id" text PRIMARY KEY NOT NULL,
	"gateway" text NOT NULL,
	"model" text,
	"placed_at" text,
	"first_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_alarm" (
	"device_id" text NOT NULL,
	"alarm_id" text NOT NULL,
	"kind" text NOT NULL,
	"code" integer,
	"text" text NOT NULL,
	"priority" text NOT NULL,
	"state" text NOT NULL,
	"inactivation" text NOT NULL,
	"phase" text NOT NULL,
	"metric_path" text,
	"metric_code" integer,
	"value" double precision,
	"patient_id" uuid,
	"bed_id" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"received_at" timestamp (3) with time zone NOT NULL,
	"late" boolean DEFAULT false NOT NULL,
	"repeat_count" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "device_alarm_device_id_alarm_id_pk" PRIMARY KEY("device_id","alarm_id")
);
--> statement-breakpoint
CREATE TABLE "device_alarm_event" (
	"gateway" text NOT NULL,
	"spool" text NOT NULL,
	"position" bigint NOT NULL,
	"sender" text NOT NULL,
	"message_id" text NOT NULL,
	"device_id" text NOT NULL,
	"alarm_id" text NOT NULL,
	"phase" text NOT NULL,
	"state" text NOT NULL,
	"priority" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"record" jsonb NOT NULL,
	CONSTRAINT "device_alarm_event_gateway_spool_position_pk" PRIMARY KEY("gateway","spool","position")
);
--> statement-breakpoint
CREATE TABLE "device_association" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"device_id" text NOT NULL,
	"patient_id" uuid NOT NULL,
	"encounter_id" uuid,
	"bed_id" text,
	"basis" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "gateway" (
	"id" text PRIMARY KEY NOT NULL,
	"enrolled_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "gateway_lease" (
	"gateway" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"fence" bigint DEFAULT 1 NOT NULL,
	"lease_until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "gateway_stream" (
	"gateway" text NOT NULL,
	"spool" text NOT NULL,
	"stream" text NOT NULL,
	"committed" bigint DEFAULT 0 NOT NULL,
	"lost" bigint DEFAULT 0 NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "gateway_stream_gateway_spool_stream_pk" PRIMARY KEY("gateway","spool","stream")
);
--> statement-breakpoint
CREATE TABLE "held_reading" (
	"gateway" text NOT NULL,
	"spool" text NOT NULL,
	"position" bigint NOT NULL,
	"device_id" text NOT NULL,
	"claims" text NOT NULL,
	"held_until" timestamp (3) with time zone NOT NULL,
	"record" jsonb NOT NULL,
	"reason" text NOT NULL,
	"state" text DEFAULT 'held' NOT NULL,
	CONSTRAINT "held_reading_gateway_spool_position_pk" PRIMARY KEY("gateway","spool","position")
);
--> statement-breakpoint
CREATE TABLE "unmapped_row" (
	"gateway" text NOT NULL,
	"spool" text NOT NULL,
	"position" bigint NOT NULL,
	"ordinal" integer NOT NULL,
	"device_id" text NOT NULL,
	"message_id" text NOT NULL,
	"reason" text NOT NULL,
	"row" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "unmapped_row_gateway_spool_position_ordinal_pk" PRIMARY KEY("gateway","spool","position","ordinal")
);
--> statement-breakpoint
CREATE TABLE "bed" (
	"id" text PRIMARY KEY NOT NULL,
	"point_of_care" text DEFAULT '' NOT NULL,
	"room" text DEFAULT '' NOT NULL,
	"bed" text DEFAULT '' NOT NULL,
	"facility" text DEFAULT '' NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "encounter" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"patient_id" uuid NOT NULL,
	"visit_number" text,
	"class" text NOT NULL,
	"status" text NOT NULL,
	"bed_id" text,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"said_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "patient" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"family" text,
	"given" text,
	"sex" text,
	"birth_date" text,
	"died" boolean DEFAULT false NOT NULL,
	"merged_into" uuid,
	"version" integer DEFAULT 1 NOT NULL,
	"said_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "patient_identifier" (
	"authority" text DEFAULT '' NOT NULL,
	"value" text NOT NULL,
	"type" text,
	"patient_id" uuid NOT NULL
);
--> statement-breakpoint
ALTER TABLE "device_alarm" ADD CONSTRAINT "device_alarm_patient_id_patient_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patient"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_association" ADD CONSTRAINT "device_association_patient_id_patient_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patient"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_association" ADD CONSTRAINT "device_association_encounter_id_encounter_id_fk" FOREIGN KEY ("encounter_id") REFERENCES "public"."encounter"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_association" ADD CONSTRAINT "device_association_bed_id_bed_id_fk" FOREIGN KEY ("bed_id") REFERENCES "public"."bed"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "encounter" ADD CONSTRAINT "encounter_patient_id_patient_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patient"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "encounter" ADD CONSTRAINT "encounter_bed_id_bed_id_fk" FOREIGN KEY ("bed_id") REFERENCES "public"."bed"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "patient_identifier" ADD CONSTRAINT "patient_identifier_patient_id_patient_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patient"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "adt_message_received" ON "adt_message" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "adt_message_sender" ON "adt_message" USING btree ("sender","message_id");--> statement-breakpoint
CREATE INDEX "dead_letter_received" ON "dead_letter" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "device_alarm_open" ON "device_alarm" USING btree ("device_id") WHERE ended_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "device_alarm_event_message" ON "device_alarm_event" USING btree ("sender","message_id","alarm_id","phase","at");--> statement-breakpoint
CREATE INDEX "device_alarm_event_alarm" ON "device_alarm_event" USING btree ("device_id","alarm_id");--> statement-breakpoint
CREATE UNIQUE INDEX "device_association_one_open" ON "device_association" USING btree ("device_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "device_association_device" ON "device_association" USING btree ("device_id","started_at");--> statement-breakpoint
CREATE INDEX "device_association_patient" ON "device_association" USING btree ("patient_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "held_reading_device" ON "held_reading" USING btree ("device_id","state");--> statement-breakpoint
CREATE INDEX "held_reading_due" ON "held_reading" USING btree ("held_until") WHERE state = 'held';--> statement-breakpoint
CREATE INDEX "unmapped_row_device" ON "unmapped_row" USING btree ("device_id","received_at");--> statement-breakpoint
CREATE UNIQUE INDEX "encounter_visit" ON "encounter" USING btree ("visit_number");--> statement-breakpoint
CREATE INDEX "encounter_patient" ON "encounter" USING btree ("patient_id");--> statement-breakpoint
CREATE UNIQUE INDEX "encounter_one_per_bed" ON "encounter" USING btree ("bed_id") WHERE status = 'in-progress' and bed_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "patient_identifier_key" ON "patient_identifier" USING btree ("authority","value");--> statement-breakpoint
CREATE INDEX "patient_identifier_patient" ON "patient_identifier" USING btree ("patient_id");