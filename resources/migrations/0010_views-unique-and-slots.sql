CREATE TABLE `view_slots` (
	`user_id` text NOT NULL,
	`slot` integer NOT NULL,
	`view_id` text NOT NULL,
	PRIMARY KEY(`user_id`, `slot`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`view_id`) REFERENCES `views`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `view_slots_user_view` ON `view_slots` (`user_id`,`view_id`);--> statement-breakpoint
CREATE INDEX `view_slots_view` ON `view_slots` (`view_id`);--> statement-breakpoint
DROP INDEX `views_user`;--> statement-breakpoint
DROP INDEX `views_group`;--> statement-breakpoint
-- Views of one owner that were given one name: the oldest keeps it, each other gets the next number that is free.
WITH `named` AS (
	SELECT `id`, coalesce(`user_id`, `group_id`) AS `owner`, `name`,
		row_number() OVER (PARTITION BY coalesce(`user_id`, `group_id`), `name` COLLATE nocase ORDER BY `id`) - 1 AS `twin`
	FROM `views`
),
`numbers`(`number`) AS (
	SELECT 2 UNION ALL SELECT `number` + 1 FROM `numbers` WHERE `number` < 402
),
`free` AS (
	SELECT `named`.`id`, `named`.`twin`, `named`.`name` || ' (' || `number` || ')' AS `name`,
		row_number() OVER (PARTITION BY `named`.`id` ORDER BY `number`) AS `place`
	FROM `named` JOIN `numbers`
	WHERE `twin` > 0 AND NOT EXISTS (
		SELECT 1 FROM `views` `other`
		WHERE coalesce(`other`.`user_id`, `other`.`group_id`) = `named`.`owner`
			AND `other`.`name` = `named`.`name` || ' (' || `number` || ')' COLLATE nocase
	)
)
UPDATE `views` SET `name` = `free`.`name` FROM `free`
WHERE `free`.`id` = `views`.`id` AND `free`.`place` = `free`.`twin`;--> statement-breakpoint
CREATE UNIQUE INDEX `views_user_name` ON `views` (`user_id`,"name" collate nocase);--> statement-breakpoint
CREATE UNIQUE INDEX `views_group_name` ON `views` (`group_id`,"name" collate nocase);