DROP INDEX `jobs_due`;--> statement-breakpoint
ALTER TABLE `jobs` ADD `lane` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `secret_sealed` text;--> statement-breakpoint
-- What an earlier desk had begun on Alta goes on as jobs, in their order on each server.
INSERT INTO `jobs` (`id`, `kind`, `state`, `priority`, `payload`, `attempts`, `run_at`, `cancel_requested`, `error`, `created_at`, `lane`)
SELECT `id`, 'cameras.pending-operation', 'queued', 0,
  json_object('kind', `kind`, 'serverId', `server_id`, 'channelId', `channel_id`, 'cameraId', `camera_id`, 'previousChannel', `previous_channel`),
  0, `created_at`, 0, '', `created_at`, 'server ' || `server_id`
FROM `alta_intents`;--> statement-breakpoint
DROP TABLE `alta_intents`;--> statement-breakpoint
CREATE INDEX `jobs_of_lane` ON `jobs` (`lane`,`state`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`state`,`kind`,"priority" desc,`run_at`,`id`);