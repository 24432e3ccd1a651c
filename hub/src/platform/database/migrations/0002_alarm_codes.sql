ALTER TABLE "device_alarm" ALTER COLUMN "code" SET DATA TYPE bigint;--> statement-breakpoint
ALTER TABLE "device_alarm" ALTER COLUMN "metric_code" SET DATA TYPE bigint;