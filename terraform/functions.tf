# The deployed functions: functions/index.ts registers each under its entry point. All are built from one archive.
locals {
  runtime = "nodejs24"

  # Functions that events call. At most one tick at a time: the next minute's waits until the last has ended.
  event_functions = {
    jobSubmitted     = { name = "ff-job-submitted", topic = null, max_instances = 20 }
    progressReported = { name = "ff-progress-reported", topic = "progress", max_instances = 20 }
    jobCompleted     = { name = "ff-job-completed", topic = "completed", max_instances = 10 }
    tick             = { name = "ff-tick", topic = "tick", max_instances = 1 }
    budgetAlert      = { name = "ff-budget-alert", topic = "budget", max_instances = 1 }
  }
}

resource "google_cloudfunctions2_function" "event" {
  for_each = local.event_functions

  name        = each.value.name
  location    = var.region
  description = "foreach-fleet: ${each.key}"

  build_config {
    runtime           = local.runtime
    entry_point       = each.key
    service_account   = google_service_account.this["builder"].id
    docker_repository = google_artifact_registry_repository.functions.id
    source {
      storage_source {
        bucket = google_storage_bucket.code.name
        object = google_storage_bucket_object.functions.name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.this["reconcile"].email
    # Values of results pass through as buffers: a small heap keeps the collector at them (see bench/README.md).
    environment_variables = merge(local.environment, {
      NODE_OPTIONS = "--max-old-space-size=256 --max-semi-space-size=2"
    })
    available_memory = "2Gi"
    dynamic "secret_environment_variables" {
      for_each = var.webhook_secret == null ? [] : [var.webhook_secret]
      content {
        key        = "FF_WEBHOOK_SECRET"
        project_id = var.project_id
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
    available_cpu                    = "1"
    timeout_seconds                  = 540
    max_instance_request_concurrency = 1
    min_instance_count               = 0
    max_instance_count               = each.value.max_instances
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    vpc_connector                    = google_vpc_access_connector.functions.id
    vpc_connector_egress_settings    = "PRIVATE_RANGES_ONLY"
  }

  event_trigger {
    event_type = (
      each.value.topic == null
      ? "google.cloud.storage.object.v1.finalized"
      : "google.cloud.pubsub.topic.v1.messagePublished"
    )
    trigger_region = var.region
    pubsub_topic = (
      each.value.topic == null ? null : "projects/${var.project_id}/topics/${local.topics[each.value.topic]}"
    )
    retry_policy          = "RETRY_POLICY_RETRY"
    service_account_email = google_service_account.this["trigger"].email

    dynamic "event_filters" {
      for_each = each.value.topic == null ? [google_storage_bucket.uploads.name] : []
      content {
        attribute = "bucket"
        value     = event_filters.value
      }
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.builder_pushes,
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_reads_sources,
    google_storage_bucket_iam_member.builder_reads_code,
    google_project_iam_member.storage_publishes_events,
    google_project_iam_member.trigger_receives_events,
    google_pubsub_topic.this,
    google_secret_manager_secret_iam_member.reconcile_signs_webhooks,
  ]
}

# Read-only, over HTTPS, for callers with an identity token (see status_callers).
resource "google_cloudfunctions2_function" "status" {
  name        = "ff-status"
  location    = var.region
  description = "foreach-fleet: status"

  build_config {
    runtime           = local.runtime
    entry_point       = "status"
    service_account   = google_service_account.this["builder"].id
    docker_repository = google_artifact_registry_repository.functions.id
    source {
      storage_source {
        bucket = google_storage_bucket.code.name
        object = google_storage_bucket_object.functions.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.this["status"].email
    environment_variables            = local.environment
    available_memory                 = "512Mi"
    timeout_seconds                  = 120
    max_instance_request_concurrency = 1
    min_instance_count               = 0
    max_instance_count               = 5
    ingress_settings                 = "ALLOW_ALL"
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.builder_pushes,
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_reads_sources,
    google_storage_bucket_iam_member.builder_reads_code,
  ]
}

resource "google_cloud_run_service_iam_member" "status_callers" {
  for_each = toset(var.users)

  location = var.region
  service  = google_cloudfunctions2_function.status.name
  role     = "roles/run.invoker"
  member   = each.value
}
