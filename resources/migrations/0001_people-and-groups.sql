CREATE TABLE `group_cameras` (
	`group_id` text NOT NULL,
	`camera_id` text NOT NULL,
	PRIMARY KEY(`group_id`, `camera_id`),
	FOREIGN KEY (`group_id`) REFERENCES `groups`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`camera_id`) REFERENCES `cameras`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `group_cameras_camera` ON `group_cameras` (`camera_id`);--> statement-breakpoint
CREATE TABLE `group_members` (
	`group_id` text NOT NULL,
	`user_id` text NOT NULL,
	`role` text NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`),
	FOREIGN KEY (`group_id`) REFERENCES `groups`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `group_members_user` ON `group_members` (`user_id`);--> statement-breakpoint
CREATE TABLE `group_walls` (
	`group_id` text PRIMARY KEY NOT NULL,
	`layout` text NOT NULL,
	`tiles` text NOT NULL,
	`saved_at` integer NOT NULL,
	FOREIGN KEY (`group_id`) REFERENCES `groups`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `groups` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `groups_name_unique` ON `groups` (`name`);--> statement-breakpoint
CREATE TABLE `invites` (
	`id` text PRIMARY KEY NOT NULL,
	`code_hash` text NOT NULL,
	`code_sealed` text NOT NULL,
	`max_uses` integer,
	`uses` integer NOT NULL,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`created_by_name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `invites_code_hash_unique` ON `invites` (`code_hash`);--> statement-breakpoint
CREATE TABLE `views` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text,
	`group_id` text,
	`name` text NOT NULL,
	`layout` text NOT NULL,
	`tiles` text NOT NULL,
	`saved_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`group_id`) REFERENCES `groups`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `views_user` ON `views` (`user_id`);--> statement-breakpoint
CREATE INDEX `views_group` ON `views` (`group_id`);--> statement-breakpoint
ALTER TABLE `users` ADD `username` text NOT NULL DEFAULT '';--> statement-breakpoint
UPDATE `users` SET `username` = CASE
	WHEN length(substr(`email`, 1, instr(`email`, '@') - 1)) BETWEEN 3 AND 32
		AND substr(`email`, 1, instr(`email`, '@') - 1) NOT GLOB '*[^a-z0-9._-]*'
		AND NOT EXISTS (
			SELECT 1 FROM `users` AS `other`
			WHERE `other`.`id` <> `users`.`id`
				AND substr(`other`.`email`, 1, instr(`other`.`email`, '@') - 1) = substr(`users`.`email`, 1, instr(`users`.`email`, '@') - 1)
		)
	THEN substr(`email`, 1, instr(`email`, '@') - 1)
	ELSE 'user-' || substr(`id`, -12)
END;--> statement-breakpoint
ALTER TABLE `users` ADD `documented_password` integer NOT NULL DEFAULT 0;--> statement-breakpoint
UPDATE `users` SET `documented_password` = `must_change_password`;--> statement-breakpoint
CREATE UNIQUE INDEX `users_username_unique` ON `users` (`username`);