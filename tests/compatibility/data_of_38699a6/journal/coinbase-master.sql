BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE equity (
	account VARCHAR(64) NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	currency VARCHAR(16) NOT NULL, 
	opening VARCHAR(64) NOT NULL, 
	latest VARCHAR(64) NOT NULL, 
	peak VARCHAR(64) NOT NULL, 
	updated VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_equity PRIMARY KEY (account, day)
);
INSERT INTO "equity" VALUES('coinbase:master','2026-11-28','USD','0','246.3712482215','246.3712482215','2026-11-28T10:37:02.938062Z');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	market VARCHAR(32), 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
CREATE TABLE fills (
	account VARCHAR(64) NOT NULL, 
	fill_id VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	order_id VARCHAR(64) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	side VARCHAR(4) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	price VARCHAR(64) NOT NULL, 
	fee VARCHAR(64) NOT NULL, 
	fee_currency VARCHAR(16) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	maker BOOLEAN NOT NULL, 
	booked VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_fills PRIMARY KEY (account, fill_id), 
	CONSTRAINT fk_fills_account_client_id FOREIGN KEY(account, client_id) REFERENCES intents (account, client_id)
);
INSERT INTO "fills" VALUES('coinbase:master','99d9382b-d6e7-5472-8d62-91525128afea','6e696a61-0183-42e4-8751-b3f6b2227409','552f878e-dcea-4247-aa32-e33556843862','ETH/USD','buy','0.15256015','4137.91','3.7876810217','USD','2026-11-28T10:37:20.062659Z',0,'2026-11-28T10:37:20.093327Z');
INSERT INTO "fills" VALUES('coinbase:master','e2c2048d-e121-594c-92d6-4250b6269d1c','6e696a61-0106-4a1f-8efe-d858c9bab748','7a1ee670-6613-4426-8236-7cd4cbc5352f','BTC/USD','buy','0.00933067','76638.33','4.2905217994','USD','2026-11-28T10:37:21.230851Z',0,'2026-11-28T10:37:21.263111Z');
INSERT INTO "fills" VALUES('coinbase:master','d11d1cdd-2323-56c1-b578-a458cc798307','6e696a61-023a-40ab-8daa-f18a0038eb68','72566c61-a683-4fab-be05-0cc3f0e35076','ETH/USD','sell','0.15256015','4211.26','3.8548227437','USD','2026-11-28T10:37:36.015516Z',0,'2026-11-28T10:37:36.033066Z');
INSERT INTO "fills" VALUES('coinbase:master','07c6f9d6-66c9-5a02-b8de-21f10dfb8ee8','6e696a61-03af-44a7-9629-644a81679f85','a35b1f13-64e1-456d-87fa-e9fc8e07b70a','BTC/USD','sell','0.00933067','73663.42','4.1239743785','USD','2026-11-28T10:37:37.050686Z',0,'2026-11-28T10:37:38.055783Z');
INSERT INTO "fills" VALUES('coinbase:master','31720933-4ef3-5b77-aacf-741925722457','6e696a61-0152-4801-a162-441b51feead8','eac232a8-9743-490d-af7a-4e6601217331','ETH/USD','buy','0.17389817','3327.46','3.4718352284','USD','2026-11-28T10:38:15.950758Z',0,'2026-11-28T10:38:16.043487Z');
CREATE TABLE intents (
	account VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	position_id VARCHAR(36) NOT NULL, 
	purpose VARCHAR(8) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	side VARCHAR(4) NOT NULL, 
	type VARCHAR(8) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	limit_price VARCHAR(64), 
	stop_price VARCHAR(64), 
	post_only BOOLEAN NOT NULL, 
	deadline VARCHAR(32) NOT NULL, 
	signal_time VARCHAR(32), 
	strategy VARCHAR(128) NOT NULL, 
	reason TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	exchange_id VARCHAR(64), 
	filled VARCHAR(64) NOT NULL, 
	settled BOOLEAN NOT NULL, 
	passing BOOLEAN NOT NULL, 
	outcome TEXT NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	updated VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_intents PRIMARY KEY (account, client_id), 
	CONSTRAINT fk_intents_account_position_id FOREIGN KEY(account, position_id) REFERENCES positions (account, id)
);
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-0183-42e4-8751-b3f6b2227409','6e696a61-0183-42e4-8751-b3f6b2227409','entry','ETH/USD','buy','market','0.15256015',NULL,NULL,0,'2026-11-28T10:37:50.067967Z','2009-03-23T00:00:00.000000Z','trend','entry signal','filled','552f878e-dcea-4247-aa32-e33556843862','0.15256015',1,0,'','2026-11-28T10:37:20.067940Z','2026-11-28T10:37:20.093327Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-0106-4a1f-8efe-d858c9bab748','6e696a61-0106-4a1f-8efe-d858c9bab748','entry','BTC/USD','buy','market','0.00933067',NULL,NULL,0,'2026-11-28T10:37:51.237570Z','2009-03-24T00:00:00.000000Z','trend','entry signal','filled','7a1ee670-6613-4426-8236-7cd4cbc5352f','0.00933067',1,0,'','2026-11-28T10:37:21.237551Z','2026-11-28T10:37:21.263111Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-0307-4461-a75d-f6c7cff9de5b','6e696a61-0183-42e4-8751-b3f6b2227409','stop','ETH/USD','sell','stop','0.15256015',NULL,'4074.78',0,'2026-11-28T10:39:30.006572Z',NULL,'trend','protective stop','cancelled','bd793eac-210f-4564-aac7-ed6a3648419a','0',1,0,'','2026-11-28T10:37:30.006604Z','2026-11-28T10:37:32.147526Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-03e9-4727-ab34-b60c3e9c92b5','6e696a61-0106-4a1f-8efe-d858c9bab748','stop','BTC/USD','sell','stop','0.00933067',NULL,'73318.76',0,'2026-11-28T10:39:31.998117Z',NULL,'trend','protective stop','cancelled','b1c062bf-bd69-405e-b90c-027d6db3d379','0',1,0,'','2026-11-28T10:37:31.998139Z','2026-11-28T10:37:33.323385Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-03d0-4e0e-8e23-c9baf81e62a9','6e696a61-0183-42e4-8751-b3f6b2227409','stop','ETH/USD','sell','stop','0.15256015',NULL,'4121.95',0,'2026-11-28T10:39:32.163674Z',NULL,'trend','protective stop','cancelled','613fedd0-2e3b-48d4-bfae-1e2b00232f71','0',1,0,'','2026-11-28T10:37:32.163698Z','2026-11-28T10:37:33.663852Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-03af-44a7-9629-644a81679f85','6e696a61-0106-4a1f-8efe-d858c9bab748','stop','BTC/USD','sell','stop','0.00933067',NULL,'73747.16',0,'2026-11-28T10:39:33.339484Z',NULL,'trend','protective stop','filled','a35b1f13-64e1-456d-87fa-e9fc8e07b70a','0.00933067',1,0,'','2026-11-28T10:37:33.339508Z','2026-11-28T10:37:38.055783Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-03ab-4cef-a6f6-fa42c4272645','6e696a61-0183-42e4-8751-b3f6b2227409','stop','ETH/USD','sell','stop','0.15256015',NULL,'4146.75',0,'2026-11-28T10:39:33.680251Z',NULL,'trend','protective stop','cancelled','5066c044-7717-4364-8add-43e38c4c24b6','0',1,0,'','2026-11-28T10:37:33.680282Z','2026-11-28T10:37:36.007609Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-023a-40ab-8daa-f18a0038eb68','6e696a61-0183-42e4-8751-b3f6b2227409','exit','ETH/USD','sell','market','0.15256015',NULL,NULL,0,'2026-11-28T10:39:36.023714Z',NULL,'trend','trend exit on the candle closed 2009-04-03 00:00','filled','72566c61-a683-4fab-be05-0cc3f0e35076','0.15256015',1,0,'','2026-11-28T10:37:36.023741Z','2026-11-28T10:37:36.033066Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-0152-4801-a162-441b51feead8','6e696a61-0152-4801-a162-441b51feead8','entry','ETH/USD','buy','market','0.17389817',NULL,NULL,0,'2026-11-28T10:38:45.917570Z','2009-04-29T00:00:00.000000Z','trend','entry signal','filled','eac232a8-9743-490d-af7a-4e6601217331','0.17389817',1,0,'','2026-11-28T10:38:15.917551Z','2026-11-28T10:38:16.043487Z');
INSERT INTO "intents" VALUES('coinbase:master','6e696a61-033b-4ea4-94e7-9aee5a455695','6e696a61-0152-4801-a162-441b51feead8','stop','ETH/USD','sell','stop','0.17389817',NULL,'3080.30',0,'2026-11-28T10:40:16.018891Z',NULL,'trend','protective stop','open','62f20ede-7791-4734-a194-f7a470f8ab49','0',0,0,'','2026-11-28T10:38:16.018914Z','2026-11-28T10:38:16.021271Z');
CREATE TABLE keys (
	account VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(8) NOT NULL, 
	account_uid VARCHAR(128) NOT NULL, 
	permissions TEXT NOT NULL, 
	first_seen VARCHAR(32) NOT NULL, 
	last_seen VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (account, fingerprint)
);
CREATE TABLE latches (
	account VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	reason TEXT NOT NULL, 
	since VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_latches PRIMARY KEY (account, name)
);
CREATE TABLE marks (
	account VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_marks PRIMARY KEY (account, name)
);
INSERT INTO "marks" VALUES('coinbase:master','reconciled','2026-11-28T10:34:42.048186Z');
CREATE TABLE positions (
	account VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	opened VARCHAR(32) NOT NULL, 
	signal_time VARCHAR(32), 
	strategy VARCHAR(128) NOT NULL, 
	stop_price VARCHAR(64), 
	exit_reason TEXT, 
	closed VARCHAR(32), 
	CONSTRAINT pk_positions PRIMARY KEY (account, id)
);
INSERT INTO "positions" VALUES('coinbase:master','6e696a61-0183-42e4-8751-b3f6b2227409','ETH/USD','2026-11-28T10:37:20.067940Z','2009-03-23T00:00:00.000000Z','trend','4146.75','trend exit on the candle closed 2009-04-03 00:00','2026-11-28T10:37:36.035670Z');
INSERT INTO "positions" VALUES('coinbase:master','6e696a61-0106-4a1f-8efe-d858c9bab748','BTC/USD','2026-11-28T10:37:21.237551Z','2009-03-24T00:00:00.000000Z','trend','73747.16','trend exit on the candle closed 2009-04-04 00:00','2026-11-28T10:37:38.059789Z');
INSERT INTO "positions" VALUES('coinbase:master','6e696a61-0152-4801-a162-441b51feead8','ETH/USD','2026-11-28T10:38:15.917551Z','2009-04-29T00:00:00.000000Z','trend','3080.30',NULL,NULL);
CREATE TABLE transitions (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	filled VARCHAR(64) NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_transitions PRIMARY KEY (id), 
	CONSTRAINT fk_transitions_account_client_id FOREIGN KEY(account, client_id) REFERENCES intents (account, client_id)
);
INSERT INTO "transitions" VALUES(365,'coinbase:master','6e696a61-0183-42e4-8751-b3f6b2227409','2026-11-28T10:37:20.067940Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(366,'coinbase:master','6e696a61-0183-42e4-8751-b3f6b2227409','2026-11-28T10:37:20.057065Z','sent','0','');
INSERT INTO "transitions" VALUES(367,'coinbase:master','6e696a61-0183-42e4-8751-b3f6b2227409','2026-11-28T10:37:20.064482Z','open','0','');
INSERT INTO "transitions" VALUES(368,'coinbase:master','6e696a61-0183-42e4-8751-b3f6b2227409','2026-11-28T10:37:20.072959Z','filled','0.15256015','');
INSERT INTO "transitions" VALUES(372,'coinbase:master','6e696a61-0106-4a1f-8efe-d858c9bab748','2026-11-28T10:37:21.237551Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(373,'coinbase:master','6e696a61-0106-4a1f-8efe-d858c9bab748','2026-11-28T10:37:21.225678Z','sent','0','');
INSERT INTO "transitions" VALUES(374,'coinbase:master','6e696a61-0106-4a1f-8efe-d858c9bab748','2026-11-28T10:37:21.232440Z','open','0','');
INSERT INTO "transitions" VALUES(375,'coinbase:master','6e696a61-0106-4a1f-8efe-d858c9bab748','2026-11-28T10:37:21.238838Z','filled','0.00933067','');
INSERT INTO "transitions" VALUES(416,'coinbase:master','6e696a61-0307-4461-a75d-f6c7cff9de5b','2026-11-28T10:37:30.006604Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(417,'coinbase:master','6e696a61-0307-4461-a75d-f6c7cff9de5b','2026-11-28T10:37:29.993788Z','sent','0','');
INSERT INTO "transitions" VALUES(418,'coinbase:master','6e696a61-0307-4461-a75d-f6c7cff9de5b','2026-11-28T10:37:30.004007Z','open','0','');
INSERT INTO "transitions" VALUES(420,'coinbase:master','6e696a61-03e9-4727-ab34-b60c3e9c92b5','2026-11-28T10:37:31.998139Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(421,'coinbase:master','6e696a61-03e9-4727-ab34-b60c3e9c92b5','2026-11-28T10:37:31.984349Z','sent','0','');
INSERT INTO "transitions" VALUES(422,'coinbase:master','6e696a61-03e9-4727-ab34-b60c3e9c92b5','2026-11-28T10:37:31.990295Z','open','0','');
INSERT INTO "transitions" VALUES(423,'coinbase:master','6e696a61-0307-4461-a75d-f6c7cff9de5b','2026-11-28T10:37:32.147526Z','cancelled','0','User requested');
INSERT INTO "transitions" VALUES(424,'coinbase:master','6e696a61-03d0-4e0e-8e23-c9baf81e62a9','2026-11-28T10:37:32.163698Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(425,'coinbase:master','6e696a61-03d0-4e0e-8e23-c9baf81e62a9','2026-11-28T10:37:32.150040Z','sent','0','');
INSERT INTO "transitions" VALUES(426,'coinbase:master','6e696a61-03d0-4e0e-8e23-c9baf81e62a9','2026-11-28T10:37:32.157246Z','open','0','');
INSERT INTO "transitions" VALUES(427,'coinbase:master','6e696a61-03e9-4727-ab34-b60c3e9c92b5','2026-11-28T10:37:33.323385Z','cancelled','0','User requested');
INSERT INTO "transitions" VALUES(428,'coinbase:master','6e696a61-03af-44a7-9629-644a81679f85','2026-11-28T10:37:33.339508Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(429,'coinbase:master','6e696a61-03af-44a7-9629-644a81679f85','2026-11-28T10:37:33.325950Z','sent','0','');
INSERT INTO "transitions" VALUES(430,'coinbase:master','6e696a61-03af-44a7-9629-644a81679f85','2026-11-28T10:37:33.332229Z','open','0','');
INSERT INTO "transitions" VALUES(431,'coinbase:master','6e696a61-03d0-4e0e-8e23-c9baf81e62a9','2026-11-28T10:37:33.663852Z','cancelled','0','User requested');
INSERT INTO "transitions" VALUES(432,'coinbase:master','6e696a61-03ab-4cef-a6f6-fa42c4272645','2026-11-28T10:37:33.680282Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(433,'coinbase:master','6e696a61-03ab-4cef-a6f6-fa42c4272645','2026-11-28T10:37:33.666930Z','sent','0','');
INSERT INTO "transitions" VALUES(434,'coinbase:master','6e696a61-03ab-4cef-a6f6-fa42c4272645','2026-11-28T10:37:33.674450Z','open','0','');
INSERT INTO "transitions" VALUES(435,'coinbase:master','6e696a61-03ab-4cef-a6f6-fa42c4272645','2026-11-28T10:37:36.007609Z','cancelled','0','User requested');
INSERT INTO "transitions" VALUES(436,'coinbase:master','6e696a61-023a-40ab-8daa-f18a0038eb68','2026-11-28T10:37:36.023741Z','intended','0','trend exit on the candle closed 2009-04-03 00:00');
INSERT INTO "transitions" VALUES(437,'coinbase:master','6e696a61-023a-40ab-8daa-f18a0038eb68','2026-11-28T10:37:36.010658Z','sent','0','');
INSERT INTO "transitions" VALUES(438,'coinbase:master','6e696a61-023a-40ab-8daa-f18a0038eb68','2026-11-28T10:37:36.017003Z','open','0','');
INSERT INTO "transitions" VALUES(439,'coinbase:master','6e696a61-023a-40ab-8daa-f18a0038eb68','2026-11-28T10:37:36.023106Z','filled','0.15256015','');
INSERT INTO "transitions" VALUES(440,'coinbase:master','6e696a61-03af-44a7-9629-644a81679f85','2026-11-28T10:37:38.041559Z','filled','0.00933067','');
INSERT INTO "transitions" VALUES(441,'coinbase:master','6e696a61-0152-4801-a162-441b51feead8','2026-11-28T10:38:15.917551Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(442,'coinbase:master','6e696a61-0152-4801-a162-441b51feead8','2026-11-28T10:38:15.935204Z','sent','0','');
INSERT INTO "transitions" VALUES(443,'coinbase:master','6e696a61-0152-4801-a162-441b51feead8','2026-11-28T10:38:15.967913Z','open','0','');
INSERT INTO "transitions" VALUES(444,'coinbase:master','6e696a61-0152-4801-a162-441b51feead8','2026-11-28T10:38:15.998475Z','filled','0.17389817','');
INSERT INTO "transitions" VALUES(445,'coinbase:master','6e696a61-033b-4ea4-94e7-9aee5a455695','2026-11-28T10:38:16.018914Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(446,'coinbase:master','6e696a61-033b-4ea4-94e7-9aee5a455695','2026-11-28T10:38:16.011262Z','sent','0','');
INSERT INTO "transitions" VALUES(447,'coinbase:master','6e696a61-033b-4ea4-94e7-9aee5a455695','2026-11-28T10:38:16.021271Z','open','0','');
CREATE TABLE write_offs (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	position_id VARCHAR(36) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	reason TEXT NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_write_offs PRIMARY KEY (id), 
	CONSTRAINT fk_write_offs_account_position_id FOREIGN KEY(account, position_id) REFERENCES positions (account, id)
);
CREATE UNIQUE INDEX ix_positions_open ON positions (account, market) WHERE closed IS NULL;
CREATE INDEX ix_events_account_time ON events (account, time);
CREATE INDEX ix_intents_position_id ON intents (account, position_id);
CREATE UNIQUE INDEX ix_intents_signal ON intents (account, market, signal_time) WHERE purpose = 'entry' AND NOT passing;
CREATE INDEX ix_intents_unsettled ON intents (account) WHERE NOT settled;
CREATE UNIQUE INDEX ix_intents_exchange_id ON intents (account, exchange_id);
CREATE INDEX ix_write_offs_position_id ON write_offs (account, position_id);
CREATE INDEX ix_transitions_client_id ON transitions (account, client_id);
CREATE INDEX ix_fills_client_id ON fills (account, client_id);
COMMIT;
