# Who may do what. Nobody holds a role of the whole project that could read or change its other resources, but for what
# GKE and Compute Engine only grant on projects. These are the two custom roles.
#
#   reconcile   the five event functions. Each of them runs the same pass over a job, so they share one identity
#   status      the status function: reads records
#   trigger     calls the event functions (triggers.tf)
#   builder     Cloud Build, when it builds the functions
#   node        the clusters' machines. Pods hold no identity at all
resource "google_service_account" "this" {
  for_each = {
    reconcile = "foreach-fleet: the functions that run jobs"
    status    = "foreach-fleet: the status function"
    trigger   = "foreach-fleet: calls the functions when something happens"
    builder   = "foreach-fleet: builds the functions"
  }

  account_id   = "${local.name}-${each.key}"
  display_name = each.value

  depends_on = [google_project_service.enabled]
}

resource "google_service_account" "node" {
  account_id   = "${local.name}-node"
  display_name = "foreach-fleet: machines of the clusters"

  depends_on = [google_project_service.enabled]
}

locals {
  reconcile = google_service_account.this["reconcile"].member
  status    = google_service_account.this["status"].member
  builder   = google_service_account.this["builder"].member
  node      = google_service_account.node.member
}

# ---- Machines: write logs and metrics, pull images.

resource "google_project_iam_member" "node" {
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = local.node
}

resource "google_artifact_registry_repository_iam_member" "node_pulls" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = local.node
}

# ---- Reconcile: clusters.

resource "google_project_iam_custom_role" "clusters" {
  role_id     = "foreachFleetClusters"
  title       = "foreach-fleet: clusters"
  description = "Make, resize and delete clusters, and reach their control planes"
  permissions = [
    "container.clusters.connect",
    "container.clusters.create",
    "container.clusters.delete",
    "container.clusters.get",
    "container.clusters.list",
    "container.clusters.update",
    "container.operations.get",
    "container.operations.list",
    # The one object of a cluster that roles/container.developer does not cover.
    "container.priorityClasses.create",
  ]

  depends_on = [google_project_service.enabled]
}

# Take chosen machines out of a pool, read quotas, and remove what a deleted cluster left behind. Cannot create
# anything.
resource "google_project_iam_custom_role" "leftovers" {
  role_id = "foreachFleetLeftovers"
  title   = "foreach-fleet: machines and leftovers"
  description = join(" ", [
    "Remove idle machines of a pool; find and remove disks, addresses, forwarding rules, firewall rules,",
    "instance groups and templates of deleted clusters",
  ])
  permissions = [
    "compute.addresses.delete",
    "compute.addresses.list",
    "compute.disks.delete",
    "compute.disks.list",
    "compute.firewalls.delete",
    "compute.firewalls.list",
    "compute.forwardingRules.delete",
    "compute.forwardingRules.list",
    "compute.globalAddresses.delete",
    "compute.globalAddresses.list",
    "compute.globalForwardingRules.delete",
    "compute.globalForwardingRules.list",
    "compute.instanceGroupManagers.delete",
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.list",
    "compute.instanceGroupManagers.update",
    "compute.instanceTemplates.delete",
    "compute.instanceTemplates.list",
    "compute.networks.updatePolicy",
    "compute.regions.get",
  ]

  depends_on = [google_project_service.enabled]
}

resource "google_project_iam_member" "reconcile" {
  for_each = {
    clusters  = google_project_iam_custom_role.clusters.name
    leftovers = google_project_iam_custom_role.leftovers.name
    # Objects inside clusters.
    objects = "roles/container.developer"
  }

  project = var.project_id
  role    = each.value
  member  = local.reconcile
}

# A cluster's machines get the node identity, and the functions may give them no other.
resource "google_service_account_iam_member" "reconcile_acts_as_node" {
  service_account_id = google_service_account.node.name
  role               = "roles/iam.serviceAccountUser"
  member             = local.reconcile
}

# signBlob in its own name: signed URLs are how inputs reach the pods and outputs leave them.
resource "google_service_account_iam_member" "reconcile_signs" {
  service_account_id = google_service_account.this["reconcile"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.reconcile
}

resource "google_pubsub_topic_iam_member" "reconcile_publishes_notices" {
  topic  = google_pubsub_topic.this["notices"].id
  role   = "roles/pubsub.publisher"
  member = local.reconcile
}

# Cloud Run refuses to start a function whose identity cannot read the secrets that it is given.
resource "google_secret_manager_secret_iam_member" "reconcile_signs_webhooks" {
  for_each = toset(var.webhook_secret == null ? [] : [var.webhook_secret])

  project   = var.project_id
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.reconcile

  depends_on = [google_project_service.enabled]
}

# ---- Reconcile: buckets.

resource "google_storage_bucket_iam_member" "reconcile_reads_uploads" {
  bucket = google_storage_bucket.uploads.name
  role   = "roles/storage.objectViewer"
  member = local.reconcile
}

# Of a user's folder the functions write the answer and take away answered requests; nothing else.
resource "google_storage_bucket_iam_member" "reconcile_answers" {
  bucket = google_storage_bucket.uploads.name
  role   = "roles/storage.objectUser"
  member = local.reconcile

  condition {
    title       = "status.json and control/"
    description = "jobs/ID/status.json and jobs/ID/control/..."
    expression = join(" || ", [
      "resource.name.endsWith(\"/status.json\")",
      "resource.name.extract(\"/objects/jobs/{job}/control/\") != \"\"",
    ])
  }
}

resource "google_storage_bucket_iam_member" "reconcile_keeps_state" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectUser"
  member = local.reconcile
}

# Create and read: whoever may not delete cannot overwrite either.
resource "google_storage_bucket_iam_member" "reconcile_results" {
  for_each = toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])

  bucket = google_storage_bucket.results.name
  role   = each.value
  member = local.reconcile
}

resource "google_storage_bucket_iam_member" "reconcile_reads_data" {
  for_each = toset(var.allowed_data_buckets)

  bucket = each.value
  role   = "roles/storage.objectViewer"
  member = local.reconcile
}

# ---- Status.

resource "google_storage_bucket_iam_member" "status_reads_state" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectViewer"
  member = local.status
}

# ---- Builder: read the code, write the image and its log.

resource "google_project_iam_member" "builder_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = local.builder
}

resource "google_artifact_registry_repository_iam_member" "builder_pushes" {
  location   = google_artifact_registry_repository.functions.location
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = local.builder
}

resource "google_storage_bucket_iam_member" "builder_reads_code" {
  bucket = google_storage_bucket.code.name
  role   = "roles/storage.objectViewer"
  member = local.builder
}

# Cloud Functions puts a copy of the code into a bucket that it makes itself.
resource "google_project_iam_member" "builder_reads_sources" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = local.builder

  condition {
    title      = "sources of functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

# ---- Users.

resource "google_storage_bucket_iam_member" "users_upload" {
  for_each = toset(var.users)

  bucket = google_storage_bucket.uploads.name
  role   = "roles/storage.objectUser"
  member = each.value
}

resource "google_storage_bucket_iam_member" "users_read_results" {
  for_each = toset(var.users)

  bucket = google_storage_bucket.results.name
  role   = "roles/storage.objectViewer"
  member = each.value
}
