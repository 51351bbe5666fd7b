CREATE TABLE `alta_intents` (
	`id` text PRIMARY KEY NOT NULL,
	`server_id` text NOT NULL,
	`kind` text NOT NULL,
	`channel_id` text NOT NULL,
	`camera_id` text NOT NULL,
	`previous_channel` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`server_id`) REFERENCES `servers`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `cameras` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`server_id` text NOT NULL,
	`receiver_id` text NOT NULL,
	`sub_receiver_id` text,
	`channel_id` text NOT NULL,
	`storage_id` text,
	`storage_duration_hours` real,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`server_id`) REFERENCES `servers`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cameras_receiver` ON `cameras` (`server_id`,`receiver_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `cameras_channel` ON `cameras` (`server_id`,`channel_id`);--> statement-breakpoint
CREATE INDEX `cameras_name` ON `cameras` (`name`);--> statement-breakpoint
CREATE TABLE `servers` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`base_url` text NOT NULL,
	`stream_url` text,
	`login` text NOT NULL,
	`password_sealed` text NOT NULL,
	`ticket_secret_sealed` text NOT NULL,
	`callback_origin` text,
	`page_origins` text NOT NULL,
	`authorization_mode` text NOT NULL,
	`authorization_reason` text NOT NULL,
	`whep_path` text NOT NULL,
	`viewer_address` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `servers_name_unique` ON `servers` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `servers_base_url_unique` ON `servers` (`base_url`);--> statement-breakpoint
CREATE TABLE `walls` (
	`user_id` text PRIMARY KEY NOT NULL,
	`layout` text NOT NULL,
	`tiles` text NOT NULL,
	`saved_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`action` text NOT NULL,
	`actor_id` text,
	`actor_name` text NOT NULL,
	`door` text NOT NULL,
	`remote_address` text NOT NULL,
	`request_id` text NOT NULL,
	`target_kind` text,
	`target_id` text,
	`target_name` text,
	`outcome` text NOT NULL,
	`before` text,
	`after` text
);
--> statement-breakpoint
CREATE TABLE `desk_values` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`family` text NOT NULL,
	`user_id` text NOT NULL,
	`token_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`spent_at` integer,
	`remote_address` text NOT NULL,
	`user_agent` text NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_token_hash_unique` ON `sessions` (`token_hash`);--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE INDEX `sessions_family` ON `sessions` (`family`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`display_name` text NOT NULL,
	`password_hash` text NOT NULL,
	`admin` integer NOT NULL,
	`disabled` integer NOT NULL,
	`must_change_password` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);