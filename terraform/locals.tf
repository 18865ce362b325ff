data "google_project" "this" {
  project_id = var.project_id
}

locals {
  name      = "foreach-fleet"
  locations = [for zone in var.zones : "${var.region}-${zone}"]

  # Names as text and not as references: what the functions are told is then complete in every plan.
  buckets            = { for use in ["uploads", "state", "results"] : use => "${var.project_id}-${use}" }
  node_account_email = "${local.name}-node@${var.project_id}.iam.gserviceaccount.com"
  own_registry       = "${var.region}-docker.pkg.dev/${var.project_id}/${local.name}"

  # Google's own identities in this project.
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  # What functions/config.ts reads.
  environment = {
    GOOGLE_CLOUD_PROJECT    = var.project_id
    FF_INSTALLATION         = var.installation
    FF_UPLOADS_BUCKET       = local.buckets.uploads
    FF_STATE_BUCKET         = local.buckets.state
    FF_RESULTS_BUCKET       = local.buckets.results
    FF_LOCATIONS            = join(",", local.locations)
    FF_WORKER_IMAGE         = var.worker_image
    FF_REDIS_IMAGE          = var.redis_image
    FF_NOTICES_TOPIC        = local.topics.notices
    FF_NODE_SERVICE_ACCOUNT = local.node_account_email
    FF_NETWORK              = local.name
    FF_SUBNETWORK           = local.name
    FF_ALLOWED_BUCKETS      = join(",", var.allowed_data_buckets)
    FF_ALLOWED_REGISTRIES   = join(",", concat([local.own_registry], var.allowed_registries))
    FF_MAX_CLUSTERS         = tostring(var.max_clusters)
  }
}
