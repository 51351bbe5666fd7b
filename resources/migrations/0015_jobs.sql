CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`priority` integer NOT NULL,
	`payload` text NOT NULL,
	`progress` text,
	`attempts` integer NOT NULL,
	`run_at` integer NOT NULL,
	`lease_id` text,
	`leased_until` integer,
	`process_id` integer,
	`process_started_at` text,
	`cancel_requested` integer NOT NULL,
	`error` text NOT NULL,
	`created_at` integer NOT NULL,
	`finished_at` integer
);
--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`state`,`kind`,`priority`,`run_at`);--> statement-breakpoint
CREATE INDEX `jobs_finished` ON `jobs` (`finished_at`);