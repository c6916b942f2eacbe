"""The tables of one shop's SQLite file. Times are whole seconds since 1970 (UTC), money is in cents."""

TABLES = """
CREATE TABLE meta (
  key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE locations (
   id INTEGER PRIMARY KEY, name TEXT NOT NULL, active INTEGER NOT NULL, online INTEGER NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deactivated_at INTEGER);
CREATE TABLE products (
   id INTEGER PRIMARY KEY, title TEXT NOT NULL, handle TEXT NOT NULL, vendor TEXT NOT NULL,
  product_type TEXT NOT NULL, status TEXT NOT NULL, tags TEXT NOT NULL, gift_card INTEGER NOT NULL,
  option_names TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, published_at
  INTEGER);
CREATE INDEX products_updated ON products (updated_at, id);
CREATE TABLE variants (
   id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, item_id INTEGER NOT NULL UNIQUE, sku TEXT
  NOT NULL, barcode TEXT, title TEXT NOT NULL, options TEXT NOT NULL, price INTEGER NOT NULL,
  unit_cost INTEGER, position INTEGER NOT NULL, policy TEXT NOT NULL, tracked INTEGER NOT NULL,
  requires_shipping INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  item_updated_at INTEGER NOT NULL);
CREATE INDEX variants_product ON variants (product_id, position);
CREATE INDEX variants_sku ON variants (sku);
CREATE TABLE levels (
   id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL, location_id INTEGER NOT NULL, active INTEGER
  NOT NULL DEFAULT 1, available INTEGER NOT NULL DEFAULT 0, committed INTEGER NOT NULL DEFAULT 0,
  incoming INTEGER NOT NULL DEFAULT 0, reserved INTEGER NOT NULL DEFAULT 0, damaged INTEGER NOT NULL
  DEFAULT 0, safety_stock INTEGER NOT NULL DEFAULT 0, quality_control INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, UNIQUE (item_id, location_id));
CREATE INDEX levels_location ON levels (location_id, id);
CREATE TABLE orders (
   id INTEGER PRIMARY KEY, number INTEGER NOT NULL, created_at INTEGER NOT NULL, processed_at
  INTEGER NOT NULL, updated_at INTEGER NOT NULL, cancelled_at INTEGER, cancel_reason TEXT, closed_at
  INTEGER, fulfilled_at INTEGER, test INTEGER NOT NULL DEFAULT 0, edited INTEGER NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT 'web', location_id INTEGER NOT NULL, financial TEXT NOT NULL DEFAULT
  'PAID');
CREATE INDEX orders_updated ON orders (updated_at, id);
CREATE INDEX orders_processed ON orders (processed_at, id);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE TABLE lines (
   id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, variant_id INTEGER, product_id INTEGER, sku
  TEXT NOT NULL, title TEXT NOT NULL, variant_title TEXT, vendor TEXT NOT NULL, ordered INTEGER NOT
  NULL, quantity INTEGER NOT NULL, current_quantity INTEGER NOT NULL, fulfilled INTEGER NOT NULL,
  price INTEGER NOT NULL, discounted INTEGER NOT NULL, gift_card INTEGER NOT NULL, requires_shipping
  INTEGER NOT NULL, sold_variant_id INTEGER);
CREATE INDEX lines_order ON lines (order_id, id);
CREATE TABLE refunds (
   id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, created_at INTEGER NOT NULL, note TEXT,
  restock INTEGER NOT NULL);
CREATE INDEX refunds_order ON refunds (order_id, id);
CREATE TABLE refund_lines (
   id INTEGER PRIMARY KEY, refund_id INTEGER NOT NULL, line_id INTEGER NOT NULL, quantity INTEGER
  NOT NULL, restock_type TEXT NOT NULL, location_id INTEGER, amount INTEGER NOT NULL);
CREATE INDEX refund_lines_refund ON refund_lines (refund_id, id);
CREATE TABLE agreements (
   id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, happened_at INTEGER NOT NULL, reason TEXT NOT
  NULL, refund_id INTEGER);
CREATE INDEX agreements_order ON agreements (order_id, id);
CREATE TABLE sales (
   id INTEGER PRIMARY KEY, agreement_id INTEGER NOT NULL, action TEXT NOT NULL, quantity INTEGER NOT
  NULL, line_id INTEGER NOT NULL, amount INTEGER NOT NULL);
CREATE INDEX sales_agreement ON sales (agreement_id, id);
CREATE TABLE transfers (
   id INTEGER PRIMARY KEY, number INTEGER NOT NULL, status TEXT NOT NULL, origin_id INTEGER,
  origin_name TEXT, destination_id INTEGER, reference TEXT, note TEXT, created_at INTEGER NOT NULL);
CREATE TABLE transfer_lines (
   id INTEGER PRIMARY KEY, transfer_id INTEGER NOT NULL, item_id INTEGER NOT NULL, quantity INTEGER
  NOT NULL);
CREATE INDEX transfer_lines_transfer ON transfer_lines (transfer_id, id);
CREATE TABLE shipments (
   id INTEGER PRIMARY KEY, transfer_id INTEGER NOT NULL, status TEXT NOT NULL, created_at INTEGER
  NOT NULL, shipped_at INTEGER, received_at INTEGER, arrives_at INTEGER, tracking_number TEXT,
  company TEXT);
CREATE INDEX shipments_transfer ON shipments (transfer_id, id);
CREATE TABLE shipment_lines (
   id INTEGER PRIMARY KEY, shipment_id INTEGER NOT NULL, item_id INTEGER NOT NULL, quantity INTEGER
  NOT NULL, accepted INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0);
CREATE INDEX shipment_lines_shipment ON shipment_lines (shipment_id, id);
CREATE TABLE adjustments (
   id INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, reason TEXT NOT NULL, document TEXT, changes
  TEXT NOT NULL);
CREATE TABLE idempotency (
   key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER NOT NULL, result TEXT NOT NULL);
CREATE TABLE installs (
   app TEXT PRIMARY KEY, installation_id INTEGER NOT NULL, scopes TEXT NOT NULL, installed_at
  INTEGER NOT NULL, uninstalled_at INTEGER);
CREATE TABLE tokens (
   token TEXT PRIMARY KEY, mode TEXT NOT NULL, user_id INTEGER, scopes TEXT NOT NULL, expires_at
  INTEGER, revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE refresh_tokens (
   token TEXT PRIMARY KEY, status TEXT NOT NULL, previous TEXT, expires_at INTEGER NOT NULL,
  first_used_at INTEGER);
CREATE TABLE grant_codes (
   code TEXT PRIMARY KEY, scopes TEXT NOT NULL, redirect_uri TEXT NOT NULL, mode TEXT NOT NULL,
  user_id INTEGER, expires_at INTEGER NOT NULL);
CREATE TABLE bulk_operations (
   id INTEGER PRIMARY KEY, status TEXT NOT NULL, query TEXT NOT NULL, version TEXT NOT NULL, grouped
  INTEGER NOT NULL, token_scopes TEXT NOT NULL, error_code TEXT, created_at INTEGER NOT NULL,
  completed_at INTEGER, object_count INTEGER NOT NULL DEFAULT 0, root_object_count INTEGER NOT NULL
  DEFAULT 0, file_size INTEGER, file TEXT, partial INTEGER NOT NULL DEFAULT 0);
CREATE TABLE subscriptions (
   id INTEGER PRIMARY KEY, topic TEXT NOT NULL, uri TEXT NOT NULL, include_fields TEXT NOT NULL,
  filter TEXT, name TEXT, version TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0, created_at
  INTEGER NOT NULL, updated_at INTEGER NOT NULL);
CREATE TABLE unit_events (
   id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, variant_id INTEGER NOT NULL, sold_at INTEGER
  NOT NULL, happened_at INTEGER NOT NULL, kind TEXT NOT NULL, delta INTEGER NOT NULL);
CREATE INDEX unit_events_order ON unit_events (order_id);
CREATE TABLE stock_events (
   id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL, location_id INTEGER NOT NULL, name TEXT NOT
  NULL, delta INTEGER NOT NULL, happened_at INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE supply (
   variant_id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, lead_time_days REAL NOT NULL, lead_time_sd
  REAL NOT NULL, kind TEXT NOT NULL);
"""

# State names of Shopify's inventory, and what `on_hand` is made of.
STATES = ("available", "committed", "incoming", "reserved", "damaged", "safety_stock", "quality_control")
ON_HAND = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")
