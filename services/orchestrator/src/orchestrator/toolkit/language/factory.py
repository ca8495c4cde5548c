"""Opens the language port of the settings."""

from httpx import AsyncClient

from orchestrator.toolkit.language.chat import ChatLanguage
from orchestrator.toolkit.language.port import Language
from orchestrator.toolkit.language.rules import RulesLanguage
from orchestrator.toolkit.language.settings import LanguageSettings


def open_language(settings: LanguageSettings, web: AsyncClient) -> Language:
    """Return the adapter of the settings: a model where `language_url` is set, else rules.

    Args:
        settings: Which model, where, and how long it may take.
        web: Reaches it.
    """
    if settings.language_url is None:
        return RulesLanguage()
    return ChatLanguage(
        web,
        base=str(settings.language_url),
        model=settings.language_model,
        api_key=settings.language_api_key,
        deadline=settings.language_timeout_seconds,
    )
