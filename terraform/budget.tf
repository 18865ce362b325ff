# The last stop for money: every job has its own limit, checked each minute; this one counts what Google bills, hours
# late. When it is used up, budgetAlert pauses all jobs, which saves their results and deletes their clusters. Off
# without a billing account.
resource "google_billing_budget" "this" {
  count    = var.billing_account == null ? 0 : 1
  provider = google.billing

  billing_account = var.billing_account
  display_name    = "foreach-fleet ${var.project_id}"

  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    pubsub_topic   = google_pubsub_topic.this["budget"].id
    schema_version = "1.0"
  }
}
