# The Google Cloud services that are used. They stay enabled after `terraform destroy`: others in the project may use
# them too.
locals {
  services = concat([
    "artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "cloudscheduler", "compute",
    "container", "dns", "eventarc", "iam", "iamcredentials", "logging", "pubsub", "run", "storage",
    "vpcaccess",
  ], var.billing_account == null ? [] : ["billingbudgets"], var.webhook_secret == null ? [] : ["secretmanager"])
}

resource "google_project_service" "enabled" {
  for_each = toset(local.services)

  project            = var.project_id
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}
