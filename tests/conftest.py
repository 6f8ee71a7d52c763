"""What every test shares: Hypothesis without a deadline, since these machines are shared."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "syncd", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("syncd")
