ALTER TABLE `sessions` ADD `opened_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `sessions` SET `opened_at` = (SELECT min(`first`.`created_at`) FROM `sessions` AS `first` WHERE `first`.`family` = `sessions`.`family`);
